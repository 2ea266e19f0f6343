#include "mod_wsflow/httpd/presence/presence_listener.hpp"

#include <memory>
#include <string>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/presence/presence.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/expression_text.hpp"
#include "mod_wsflow/httpd/request/request_state.hpp"
#include "mod_wsflow/presence/stored_key.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"

namespace wsflow::httpd {

namespace {

using tunnel::Side;

// A socket of a key, from the 101 to the end of the tunnel.
class PresenceListener final : public tunnel::Listener {
 public:
  PresenceListener(Process& process, presence::Interval* interval) noexcept
      : process_(process), interval_(interval) {}
  // A tunnel that never began has no event.
  ~PresenceListener() override { leave(0); }

  void on_event(tunnel::Event event, const tunnel::Tunnel& tunnel, base::Instant) noexcept override {
    if (event == tunnel::Event::end)
      leave(tunnel.from(Side::client).bytes() + tunnel.from(Side::origin).bytes());
  }

 private:
  void leave(std::uint64_t bytes) noexcept {
    if (interval_ == nullptr) return;
    bool first_waits = false;
    process_.presence->registry().leave(std::exchange(interval_, nullptr), bytes, apr_time_now(),
                                        first_waits);
    if (first_waits) process_.presence->writer().wake();
  }

  Process& process_;              // borrowed; outlives every tunnel
  presence::Interval* interval_;  // borrowed from the registry until it has left
};

// Who the client of `r` is in a list; empty: nobody who is counted.
std::string key_of(Process& process, request_rec* r, const PresenceRule& rule) {
  const auto [text, error] = evaluate(r, rule.key);
  if (text != nullptr) return *text != '\0' ? presence::stored_key(text) : std::string();
  const bool first = process.unreadable_keys.first(base::Thing() << "presence" << rule.name);
  ap_log_rerror(
      APLOG_MARK, first ? APLOG_WARNING : APLOG_DEBUG, 0, r,
      WSFLOGNO(0457) "presence list %s: the key of this request cannot be made: %s; it is not counted",
      rule.name, error);
  return {};
}

}  // namespace

void add_presence(Process& process, request_rec* r, tunnel::Listeners& listeners) {
  if (process.presence == nullptr) return;
  for (const auto& rule : elements<const PresenceRule>(config_of(r).presence.rules)) {
    const auto key = key_of(process, r, rule);
    if (key.empty()) continue;
    const auto* route = rule.by_route ? state_of(r).route : nullptr;
    bool first_waits = false;
    auto* interval = process.presence->registry().join(
        {.name = rule.name, .route = route != nullptr ? route->path : "", .grace = rule.grace}, key,
        apr_time_now(), first_waits);
    if (interval == nullptr) continue;
    if (first_waits) process.presence->writer().wake();
    listeners.add(std::make_unique<PresenceListener>(process, interval));
  }
}

}  // namespace wsflow::httpd
