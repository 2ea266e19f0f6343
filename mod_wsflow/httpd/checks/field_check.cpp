#include "mod_wsflow/httpd/checks/field_check.hpp"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <string_view>

#include "mod_wsflow/httpd/config/field_expression.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/lines/config_tree.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::httpd {

namespace {

bool is_word(std::string_view text, std::initializer_list<std::string_view> words) noexcept {
  return std::ranges::any_of(words,
                             [text](std::string_view word) { return ws::equals_ignoring_case(text, word); });
}

// The field that the line sets to a value computed by httpd, or fills if it is empty; nullptr: none. Fields
// that it removes, edits or sets to a constant are meant for the origin.
const char* made_up(apr_pool_t* pool, const Line& line) noexcept {
  if (!is_line(line, "RequestHeader")) return nullptr;
  const char* rest = line.args;
  const std::string_view action(ap_getword_conf(pool, &rest));
  char* field = ap_getword_conf(pool, &rest);
  const std::string_view value(ap_getword_conf(pool, &rest));
  const bool computed = value.find("%{") != value.npos || value.starts_with("expr=");
  if (!is_word(action, {"setifempty"}) && !(computed && is_word(action, {"set", "add", "append", "merge"})))
    return nullptr;
  if (auto* colon = std::strchr(field, ':')) *colon = '\0';
  return *field != '\0' ? field : nullptr;
}

bool names(std::string_view expression, std::string_view field) noexcept {
  for (std::size_t at = 0; at + field.size() <= expression.size(); ++at) {
    if (!ws::equals_ignoring_case(expression.substr(at, field.size()), field)) continue;
    const auto behind = at + field.size();
    const bool begins = at == 0 || !ws::is_token(expression.substr(at - 1, 1));
    if (begins && (behind == expression.size() || !ws::is_token(expression.substr(behind, 1)))) return true;
  }
  return false;
}

void check(const server_rec* main, const FieldExpression& expression) noexcept {
  auto* pool = main->process->pconf;
  const auto* line = find_line(ap_conftree, [&](const Line& each) {
    const auto* field = made_up(pool, each);
    return field != nullptr && names(expression.text, field) && may_meet(each, *expression.line);
  });
  if (line == nullptr) return;
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main, WSFLOGNO(0270)
               "%s:%d: %s sees \"%s\" of fields as clients send them, not as RequestHeader makes them at %s:%d: put the "
               "value into an environment variable instead and write %%{reqenv:NAME}",
               expression.line->filename, expression.line->line_num, expression.line->directive, expression.text,
               line->filename, line->line_num);
}

}  // namespace

void check_field_expressions(const server_rec* main) noexcept {
  for (const auto& expression : elements<const FieldExpression>(config_of(main).field_expressions))
    check(main, expression);
}

}  // namespace wsflow::httpd
