#include "mod_wsflow/shm/jobs.hpp"

#include <algorithm>

#include "mod_wsflow/shm/owner.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::shm {

namespace {

static_assert(sizeof(ClosedRoute::server) == Label::kTextEnds[0] &&
              sizeof(ClosedRoute::route) == Label::kTextEnds[1] - Label::kTextEnds[0] &&
              sizeof(Order::server) == sizeof(ClosedRoute::server) &&
              sizeof(Order::route) == sizeof(ClosedRoute::route) &&
              sizeof(Order::origin) == Label::kTextEnds[2] - Label::kTextEnds[1] &&
              sizeof(Order::user) == RowUser::kSize);

bool gone(std::uint64_t owner) noexcept {
  return Owner{owner}.gone();
}

ClosedRoute named(std::string_view server, std::string_view route) noexcept {
  return {.server = packed<sizeof(ClosedRoute::server)>(server),
          .route = packed<sizeof(ClosedRoute::route)>(route)};
}

// Takes back the orders to drain a route.
void forget_drains(Layout& layout, const ClosedRoute& route) noexcept {
  const auto count = layout.orders.places_seen.load();
  for (std::uint32_t i = 0; i < count; ++i) {
    auto& record = layout.orders.places[i].order;
    const auto reading = read(record);
    if (!reading) continue;
    const auto& order = reading->facts;
    if (order.drains != 0 && ClosedRoute{order.server, order.route} == route) remove(record, *reading);
  }
}

}  // namespace

bool is_closed(const Layout& layout, std::string_view server, std::string_view route) noexcept {
  const auto count = layout.orders.routes_seen.load(std::memory_order_relaxed);
  if (count == 0) return false;
  const auto wanted = named(server, route);
  const auto* first = layout.orders.routes;
  return std::any_of(first, first + count, [&](const auto& record) {
    const auto reading = read(record);
    return reading && reading->facts == wanted;
  });
}

bool close_route(Layout& layout, std::string_view server, std::string_view route,
                 std::int64_t now_us) noexcept {
  if (is_closed(layout, server, route)) return true;
  const auto self = Owner::self().word;
  for (std::uint32_t i = 0; i < kClosedRoutes; ++i) {
    if (!take(layout.orders.routes[i], self, gone)) continue;
    raise(layout.orders.routes_seen, i + 1);
    set(layout.orders.routes[i], named(server, route), now_us);
    return true;
  }
  return false;
}

bool open_route(Layout& layout, std::string_view server, std::string_view route) noexcept {
  const auto wanted = named(server, route);
  bool was_closed = false;
  for (auto& record : layout.orders.routes) {
    const auto reading = read(record);
    if (reading && reading->facts == wanted) was_closed = remove(record, *reading) || was_closed;
  }
  forget_drains(layout, wanted);
  return was_closed;
}

bool place_order(Layout& layout, const Order& order, std::int64_t now_us) noexcept {
  if (order.drains != 0) forget_drains(layout, {order.server, order.route});
  const auto self = Owner::self().word;
  for (std::uint32_t i = 0; i < kOrders; ++i) {
    auto& place = layout.orders.places[i];
    if (!take(place.order, self, gone)) continue;
    raise(layout.orders.places_seen, i + 1);
    place.ended_ms.store(0);
    set(place.order, order, now_us);
    return true;
  }
  return false;
}

std::vector<OrderView> orders(const Layout& layout) {
  std::vector<OrderView> result;
  const auto count = layout.orders.places_seen.load();
  for (std::uint32_t i = 0; i < count; ++i) {
    if (const auto reading = read(layout.orders.places[i].order)) result.push_back({i, *reading});
  }
  return result;
}

Selector selector_of(const Reading<Order>& reading) {
  const auto& order = reading.facts;
  Selector result;
  if (order.id != 0) result.id = order.id;
  result.user = unpacked(order.user);
  result.client = unpacked(order.client);
  result.server = unpacked(order.server);
  result.route = unpacked(order.route);
  result.origin = unpacked(order.origin);
  result.untold = true;
  if (order.drains == 0) result.began_until_us = reading.since_us();
  return result;
}

bool end_order(Layout& layout, const OrderView& order) noexcept {
  return remove(layout.orders.places[order.place].order, order.reading);
}

}  // namespace wsflow::shm
