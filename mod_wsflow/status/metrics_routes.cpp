#include "mod_wsflow/status/metrics_routes.hpp"

#include <algorithm>
#include <vector>

namespace wsflow::status {

namespace {

using metrics::Reading;

bool has_own_series(const shm::RouteView& route) noexcept {
  return route.number != 0 && route.number <= metrics::kOwnSeries;
}

void add(shm::RouteView& sum, const shm::RouteView& route) noexcept {
  sum.active += route.active;
  sum.opened += route.opened;
  sum.handshake_us += route.handshake_us;
  for (std::size_t i = 0; i < sum.refused_by.size(); ++i) sum.refused_by[i] += route.refused_by[i];
  for (std::size_t from = 0; from < metrics::kDirections; ++from) {
    sum.bytes[from] += route.bytes[from];
    for (std::size_t i = 0; i < sum.closes[from].size(); ++i) sum.closes[from][i] += route.closes[from][i];
  }
}

void handshakes(Document& document, const shm::RouteView& route) {
  const auto result = [&](std::size_t index, std::uint64_t count) {
    document.sample({route.server, route.route, route.origin, metrics::result_name(index)}, count);
  };
  // The row of handshakes that reached no origin has no tunnels.
  if (!route.origin.empty()) result(0, route.opened);
  for (std::size_t i = 0; i < route.refused_by.size(); ++i) {
    if (route.refused_by[i] != 0) result(i + 1, route.refused_by[i]);
  }
}

void close_codes(Document& document, const shm::RouteView& route) {
  for (std::size_t from = 0; from < metrics::kDirections; ++from) {
    for (std::size_t i = 0; i < metrics::kCloseCodes; ++i) {
      if (route.closes[from][i] != 0)
        document.sample({route.server, route.route, route.origin, metrics::sender_name(from),
                         metrics::close_code_name(i)},
                        route.closes[from][i]);
    }
  }
}

void write_route(Document& document, Reading what, const shm::RouteView& route) {
  const auto& [server, path, origin] = std::tie(route.server, route.route, route.origin);
  if (what == Reading::route_handshakes) return handshakes(document, route);
  if (origin.empty()) return;
  if (what == Reading::route_tunnels) document.sample({server, path, origin}, route.active);
  if (what == Reading::route_handshake_seconds)
    document.sample({server, path, origin}, decimal_point(static_cast<double>(route.handshake_us) / 1e6));
  if (what == Reading::route_close_codes) close_codes(document, route);
  if (what != Reading::route_bytes) return;
  for (std::size_t i = 0; i < metrics::kDirections; ++i)
    document.sample({server, path, origin, metrics::direction_name(i)}, route.bytes[i]);
}

}  // namespace

void write_routes(Document& document, Reading what, std::span<const shm::RouteView> routes) {
  const std::string name(metrics::kOthers);
  shm::RouteView others{.server = name, .route = name, .origin = name};
  bool any = false;
  for (const auto& route : routes) {
    if (has_own_series(route)) {
      write_route(document, what, route);
    } else {
      add(others, route);
      any = true;
    }
  }
  if (any) write_route(document, what, others);
}

void write_workers(Document& document, std::span<const OriginView> origins) {
  for (const auto& origin : origins.first(std::min(origins.size(), metrics::kOwnSeries)))
    document.sample({origin.balancer, origin.worker}, is_used(origin.state) ? 1U : 0U);
  if (origins.size() <= metrics::kOwnSeries) return;
  const auto others = origins.subspan(metrics::kOwnSeries);
  const bool all = std::ranges::all_of(others, [](const auto& origin) { return is_used(origin.state); });
  document.sample({metrics::kOthers, metrics::kOthers}, all ? 1U : 0U);
}

}  // namespace wsflow::status
