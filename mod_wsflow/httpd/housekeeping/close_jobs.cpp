#include "mod_wsflow/httpd/housekeeping/close_jobs.hpp"

#include <algorithm>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/shared_rate.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/retained_wakeups.hpp"
#include "mod_wsflow/limits/holders.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::httpd {

namespace {

// A handshake that has passed the closed route may take so long to become a tunnel.
constexpr std::int64_t kLate_us = 10'000'000;

// Calls `use(selector)`; nothing if the limits are locked.
template <class Use>
auto with_selector(shm::Layout& layout, const shm::Reading<shm::Order>& order, Use&& use)
    -> std::optional<decltype(use(std::declval<shm::Selector&>()))> {
  auto selector = shm::selector_of(order);
  std::optional<std::vector<bool>> permits;
  if (const auto limit = shm::unpacked(order.facts.limit); !limit.empty()) {
    limits::Key key;
    std::copy(std::begin(order.facts.key), std::end(order.facts.key), key.hash);
    const auto bells = httpd::bells();
    limits::Control control(shm::flow_table(layout), limits::Control::kNoSlot, bells);
    permits = limits::holders_of(control, limit, key);
    if (!permits) return std::nullopt;
    selector.permits = &*permits;
  }
  return use(selector);
}

bool is_done(const shm::Reading<shm::Order>& order) noexcept {
  return order.facts.drains == 0 || base::now_us() - order.since_us() > kLate_us;
}

void log_done(server_rec* server, const shm::Order& order) {
  const std::string route(shm::unpacked(order.route));
  if (order.drains != 0) {
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                 WSFLOGNO(0157) "drained route %s: its last tunnels are told to end", route.c_str());
  } else {
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                 WSFLOGNO(0155) "closing tunnels at %u a second is done: the last are told to end",
                 order.pace);
  }
}

}  // namespace

std::optional<std::size_t> end_ordered(shm::Layout& layout, const shm::Reading<shm::Order>& order,
                                       std::size_t most) {
  return with_selector(layout, order, [&](const shm::Selector& selector) {
    return shm::command(layout, selector, most, shm::Command::close, order.facts.code);
  });
}

std::optional<std::uint64_t> count_ordered(shm::Layout& layout, const shm::Reading<shm::Order>& order) {
  return with_selector(layout, order, [&](shm::Selector& selector) {
    selector.untold = false;
    return shm::tunnels(layout, {.selector = selector}).matched;
  });
}

void obey_orders(server_rec* server, shm::Layout& layout) {
  for (const auto& order : shm::orders(layout)) {
    const auto now = base::now().time_since_epoch().count();
    auto& ended = layout.orders.places[order.place].ended_ms;
    const auto claim = base::claim_ends(ended, now, static_cast<int>(order.reading.facts.pace));
    if (claim.count == 0) continue;
    const auto told = end_ordered(layout, order.reading, claim.count);
    if (!told || *told == claim.count || !is_done(order.reading)) continue;
    if (shm::end_order(layout, order)) log_done(server, order.reading.facts);
  }
}

}  // namespace wsflow::httpd
