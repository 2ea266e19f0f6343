#include "mod_wsflow/httpd/config/limit_directives.hpp"

#include <algorithm>
#include <new>
#include <string_view>

#include "mod_wsflow/config/limit_directive.hpp"
#include "mod_wsflow/httpd/config/field_expression.hpp"
#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/httpd/config/line_place.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/guard.hpp"

namespace wsflow::httpd {

namespace {

// An array that is made when it is needed.
template <class Element>
void push(apr_pool_t* pool, apr_array_header_t*& array, const Element& element) noexcept {
  if (array == nullptr) array = apr_array_make(pool, 2, sizeof(Element));
  APR_ARRAY_PUSH(array, Element) = element;
}

// The limit of this name; a new one if it was not mentioned before.
LimitConfig& rule_of(const cmd_parms* cmd, const limits::LimitDefinition& definition) noexcept {
  auto*& rules = config_of(ap_server_conf).limits;
  for (auto* rule : elements<LimitConfig*>(rules)) {
    if (std::string_view(rule->definition.name) == definition.name) return *rule;
  }
  auto* rule = ::new (apr_pcalloc(cmd->pool, sizeof(LimitConfig))) LimitConfig{};
  std::ranges::copy(definition.name, rule->definition.name);
  push(cmd->pool, rules, rule);
  return *rule;
}

bool same_settings(const LimitConfig& a, const LimitConfig& b) noexcept {
  const bool same_key = a.key_text == nullptr || b.key_text == nullptr
                            ? a.key_text == b.key_text
                            : std::string_view(a.key_text) == b.key_text;
  return same_key && a.definition == b.definition && a.ipv6_prefix == b.ipv6_prefix &&
         a.show_key == b.show_key && a.status == b.status && a.retry_after == b.retry_after;
}

// Fills `rule`; an error message or nullptr.
const char* define(cmd_parms* cmd, const config::LimitDirective& line, LimitConfig& rule) noexcept {
  LimitConfig defined{.definition = line.definition,
                      .key = nullptr,
                      .key_text = nullptr,
                      .ipv6_prefix = line.ipv6_prefix,
                      .show_key = line.show_key,
                      .status = line.status,
                      .retry_after = line.retry_after,
                      .where = place_of(cmd),
                      .handle = {}};
  if (!line.key.empty()) {
    defined.key_text = apr_pstrmemdup(cmd->pool, line.key.data(), line.key.size());
    const char* error = nullptr;
    defined.key = parse_expression(cmd, defined.key_text, &error);
    if (error != nullptr) {
      return apr_psprintf(cmd->pool, "WSFlowLimit %s key=%s: key= needs an expression that gives a text: %s",
                          rule.definition.name, defined.key_text, error);
    }
  }
  if (rule.where == nullptr) {
    rule = defined;
  } else if (!same_settings(rule, defined)) {
    return apr_psprintf(
        cmd->pool, "WSFlowLimit %s: has other settings at %s; give them once, and elsewhere the name alone",
        rule.definition.name, rule.where);
  }
  return nullptr;
}

void apply(const cmd_parms* cmd, DirConfig& config, const AppliedLimit& use) noexcept {
  for (auto& known : elements<AppliedLimit>(config.limits)) {
    if (known.rule != use.rule) continue;
    known = use;
    return;
  }
  const bool first = config.limits == nullptr;
  push(cmd->pool, config.limits, use);
  if (!first) return;
  const auto* section = cmd->path != nullptr ? cmd->directive->parent : nullptr;
  push(cmd->pool, config_of(ap_server_conf).limit_sections,
       LimitSection{.server = cmd->server,
                    .uses = config.limits,
                    .section = section != nullptr ? section->directive : "",
                    .path = cmd->path});
}

}  // namespace

const char* set_limit(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_HTACCESS | NOT_IN_LIMIT)) return error;
  return guard(cmd->server, "WSFlowLimit: out of memory", [&]() -> const char* {
    const auto line = config::parse_limit(arguments);
    if (!line) return apr_pstrcat(cmd->pool, "WSFlowLimit ", line.wrong().c_str(), nullptr);
    auto& rule = rule_of(cmd, line->definition);
    if (line->kind == config::LimitDirective::Kind::define) {
      if (const char* error = define(cmd, *line, rule)) return error;
    }
    apply(cmd, *static_cast<DirConfig*>(dir_config),
          {.rule = &rule, .off = line->kind == config::LimitDirective::Kind::lift, .where = place_of(cmd)});
    return nullptr;
  });
}

apr_array_header_t* merge_limits(apr_pool_t* pool, apr_array_header_t* outer,
                                 apr_array_header_t* inner) noexcept {
  if (outer == nullptr || inner == nullptr) return outer != nullptr ? outer : inner;
  auto* merged = apr_array_copy(pool, outer);
  for (const auto& use : elements<const AppliedLimit>(inner)) {
    const auto known = elements<AppliedLimit>(merged);
    const auto found = std::ranges::find(known, use.rule, &AppliedLimit::rule);
    if (found != known.end()) {
      *found = use;
    } else {
      APR_ARRAY_PUSH(merged, AppliedLimit) = use;
    }
  }
  return merged;
}

}  // namespace wsflow::httpd
