#include "mod_wsflow/httpd/lines/rewrite_lines.hpp"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::httpd {

namespace {

struct Rule {
  bool matches = false;
  bool changes = false;  // alters the path, or the choice or order of other rules
  bool chained = false;  // the next rule is tried only if this one matches
  bool to_origin = false;
};

// True if `flags` ("[a,b=c]") contains one of `names`.
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
          .chained = has_flag(flags, {"C", "chain"}),
          .to_origin = has_flag(flags, {"P", "proxy"})};
}

enum class Holds : unsigned char { no, perhaps, yes };

// The value of `variable` in an operator's request for `path`, which is no WebSocket; nullptr: unknown.
const char* value_of(std::string_view variable, const char* path) noexcept {
  if (ws::equals_ignoring_case(variable, "%{HTTP:Upgrade}")) return "";
  if (ws::equals_ignoring_case(variable, "%{HTTP:Connection}")) return "keep-alive";
  return ws::equals_ignoring_case(variable, "%{REQUEST_URI}") ? path : nullptr;
}

Holds holds(apr_pool_t* pool, const Line& condition, const char* path) noexcept {
  const char* rest = condition.args;
  const char* value = value_of(ap_getword_conf(pool, &rest), path);
  const char* pattern = ap_getword_conf(pool, &rest);
  const std::string_view flags(ap_getword_conf(pool, &rest));
  if (value == nullptr || has_flag(flags, {"OR", "ornext"})) return Holds::perhaps;
  const bool negated = *pattern == '!';
  if (negated) ++pattern;
  const bool any_case = has_flag(flags, {"NC", "nocase"});
  bool matches = false;
  if (*pattern == '=') {
    const char* text = std::string_view(pattern) == "=\"\"" ? "" : pattern + 1;
    matches = (any_case ? ap_cstr_casecmp(value, text) : std::strcmp(value, text)) == 0;
  } else {
    // -f, -eq, <text, expressions …
    if (*pattern == '-' || *pattern == '<' || *pattern == '>') return Holds::perhaps;
    const auto* regex =
        ap_pregcomp(pool, pattern, any_case ? AP_REG_EXTENDED | AP_REG_ICASE : AP_REG_EXTENDED);
    if (regex == nullptr) return Holds::perhaps;
    matches = ap_regexec(regex, value, 0, nullptr, 0) == 0;
  }
  return matches != negated ? Holds::yes : Holds::no;
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
  auto conditions = Holds::yes;
  for (const auto* level = lines_of(server); level != nullptr; level = level->next) {
    if (is_line(*level, "RewriteCond")) {
      const auto one = holds(pool, *level, path);
      const bool unsure = one == Holds::perhaps || conditions == Holds::perhaps;
      conditions = unsure ? Holds::perhaps : std::min(conditions, one);
    }
    if (!is_line(*level, "RewriteRule")) continue;
    const auto rule = read(pool, *level, path);
    const auto all = std::exchange(conditions, Holds::yes);
    if (!rule.matches || all == Holds::no) {
      if (rule.chained) return nullptr;
      continue;
    }
    if (rule.to_origin && all == Holds::yes) return level;
    // A rule to an origin with an uncertain condition takes the path, or leaves it to later rules.
    if (rule.changes && !rule.to_origin) return nullptr;
  }
  return nullptr;
}

}  // namespace wsflow::httpd
