#include "mod_wsflow/httpd/limits/demands.hpp"

#include <optional>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/expression_text.hpp"
#include "mod_wsflow/httpd/request/handshake_request.hpp"

namespace wsflow::httpd {

namespace {

// The key of all requests whose expression fails: a client can cause that, and must not escape the limit by
// it.
constexpr std::string_view kUnreadable = "(unreadable)";

void tell_unreadable(Process& process, const request_rec* r, const LimitConfig& rule,
                     const char* error) noexcept {
  const bool first = process.unreadable_keys.first(base::Thing() << rule.definition.name);
  ap_log_rerror(APLOG_MARK, first ? APLOG_WARNING : APLOG_DEBUG, 0, r,
                WSFLOGNO(0138) "limit %s: the key of this request cannot be made: %s; all such requests share "
                "the key %s", rule.definition.name, error, kUnreadable.data());
}

// The key of `r`; std::nullopt: its text is empty, and the request is not limited.
std::optional<limits::Key> key_of(Process& process, request_rec* r, const LimitConfig& rule) noexcept {
  const auto& table = process.limits->table();
  const auto [text, error] = evaluate(r, rule.key);
  if (text == nullptr) {
    tell_unreadable(process, r, rule, error);
    return limits::make_key(rule.definition, table.secret, kUnreadable, true);
  }
  if (*text == '\0') return std::nullopt;
  char space[64];
  const auto whole = rule.ipv6_prefix < 128
                         ? limits::network_of(text, static_cast<unsigned>(rule.ipv6_prefix), space)
                         : text;
  return limits::make_key(rule.definition, table.secret, whole, rule.show_key);
}

}  // namespace

bool RequestKind::is_tunnel() noexcept {
  if (!tunnel_) tunnel_ = opens_tunnel(r_);
  return *tunnel_;
}

bool applies_to(const AppliedLimit& use, RequestKind& kind) noexcept {
  const auto applies = use.rule->definition.applies;
  if (use.off) return false;
  return applies == limits::Applies::all || (applies == limits::Applies::tunnels) == kind.is_tunnel();
}

void find_demands(Process& process, request_rec* r, RequestKind& kind, Demands& demands) noexcept {
  demands.count = 0;
  for (const auto& use : elements<const AppliedLimit>(config_of(r).limits)) {
    if (!applies_to(use, kind)) continue;
    limits::Demand demand{.limit = use.rule->handle.number, .key = {}, .serial = use.rule->handle.serial};
    if (use.rule->key != nullptr) {
      const auto key = key_of(process, r, *use.rule);
      if (!key) continue;
      demand.key = *key;
    }
    if (demands.count == limits::kPerRequest) {
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
