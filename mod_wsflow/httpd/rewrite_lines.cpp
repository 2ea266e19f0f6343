#include "mod_wsflow/httpd/rewrite_lines.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::httpd {

namespace {

struct Rule {
  bool matches = false;
  bool changes = false;  // the path, or whether and in which order other rules are tried
  bool to_origin = false;
};

// Whether one of these stands in "[a,b=c]".
bool has_flag(std::string_view flags, std::initializer_list<std::string_view> names) noexcept {
  while (!flags.empty()) {
    const auto end = std::min(flags.find_first_of(",]"), flags.size());
    auto flag = flags.substr(0, end);
    flag.remove_prefix(std::min(flag.find_first_not_of(" ["), flag.size()));
    flag = flag.substr(0, flag.find_first_of("= |"));
    if (std::ranges::any_of(names, [flag](auto name) { return ws::equals_ignoring_case(flag, name); }))
      return true;
    flags.remove_prefix(std::min(end + 1, flags.size()));
  }
  return false;
}

Rule read(apr_pool_t* pool, const Line& line, const char* path) noexcept {
  const char* rest = line.args;
  const char* pattern = ap_getword_conf(pool, &rest);
  const std::string_view target(ap_getword_conf(pool, &rest));
  const std::string_view flags(ap_getword_conf(pool, &rest));
  const bool negated = *pattern == '!';
  const auto* regex =
      ap_pregcomp(pool, pattern + (negated ? 1 : 0),
                  has_flag(flags, {"NC", "nocase"}) ? AP_REG_EXTENDED | AP_REG_ICASE : AP_REG_EXTENDED);
  if (regex == nullptr) return {};
  return {.matches = (ap_regexec(regex, path, 0, nullptr, 0) == 0) != negated,
          .changes = target != "-" || has_flag(flags, {"L", "last", "END", "F", "forbidden", "G", "gone", "R",
                                                       "redirect", "S", "skip", "C", "chain", "N", "next"}),
          .to_origin = has_flag(flags, {"P", "proxy"})};
}

}  // namespace

bool rewrites(const server_rec* server, const Line* section) noexcept {
  const auto* line = section != nullptr ? last_line(section->first_child, "RewriteEngine") : nullptr;
  if (line == nullptr) line = last_line(lines_of(server), "RewriteEngine");
  if (line == nullptr) line = last_line(ap_conftree, "RewriteEngine");
  return line != nullptr && ap_cstr_casecmp(line->args, "on") == 0;
}

const Line* rewrite_to_origin(apr_pool_t* pool, const server_rec* server, const char* path) noexcept {
  if (!rewrites(server, nullptr)) return nullptr;
  bool conditions = false;
  for (const auto* level = lines_of(server); level != nullptr; level = level->next) {
    if (is_line(*level, "RewriteCond")) conditions = true;
    if (!is_line(*level, "RewriteRule")) continue;
    const auto rule = read(pool, *level, path);
    if (rule.matches && rule.to_origin && !conditions) return level;
    // A rule that goes to an origin under a condition takes the path, or leaves it to those behind.
    if (rule.matches && rule.changes && !rule.to_origin) return nullptr;
    conditions = false;
  }
  return nullptr;
}

}  // namespace wsflow::httpd
