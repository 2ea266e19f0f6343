#include "mod_wsflow/httpd/limit_demands.hpp"

#include "mod_wsflow/httpd/config.hpp"
#include "mod_wsflow/httpd/handshake_request.hpp"
#include "mod_wsflow/httpd/log.hpp"

namespace wsflow::httpd {

namespace {

// Empty: the request is not limited.
std::string_view key_text(request_rec* r, const LimitRule& rule, char (&space)[64]) noexcept {
  const char* error = nullptr;
  const char* text = ap_expr_str_exec(r, rule.key, &error);
  if (error != nullptr) {
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, WSFLOGNO(0138) "limit %s: no key, so no limit: %s",
                  rule.definition.name, error);
    return {};
  }
  if (text == nullptr) return {};
  return rule.ipv6_prefix < 128 ? flow::network_of(text, static_cast<unsigned>(rule.ipv6_prefix), space)
                                : text;
}

}  // namespace

bool limits(const LimitUse& use, request_rec* r) noexcept {
  const auto applies = use.rule->definition.applies;
  if (use.off) return false;
  return applies == flow::Applies::all || (applies == flow::Applies::tunnels) == opens_tunnel(r);
}

void find_demands(request_rec* r, const flow::Table& table, Demands& demands) noexcept {
  demands.count = 0;
  for (const auto& use : elements<const LimitUse>(config_of(r).limits)) {
    if (!limits(use, r)) continue;
    flow::Demand demand{.limit = use.rule->place.number, .key = {}, .serial = use.rule->place.serial};
    if (use.rule->key != nullptr) {
      char space[64];
      const auto text = key_text(r, *use.rule, space);
      if (text.empty()) continue;
      demand.key = flow::make_key(table.secret, text, use.rule->show_key);
    }
    if (demands.count == flow::kPerRequest) {
      ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                    WSFLOGNO(0139) "limit %s is left out: this request has %u others",
                    use.rule->definition.name, demands.count);
      return;
    }
    demands.rule[demands.count] = use.rule;
    demands.demand[demands.count++] = demand;
  }
}

}  // namespace wsflow::httpd
