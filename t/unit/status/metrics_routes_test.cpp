#include "mod_wsflow/status/metrics_routes.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "t/unit/support/status_model.hpp"

using namespace wsflow;
using metrics::Reading;

namespace {

std::string written(Reading what, const std::vector<shm::RouteView>& routes) {
  status::Document document(status::MetricsFormat::text);
  const auto& family = metrics::readings()[static_cast<std::size_t>(what)];
  document.begin(family.metric, family.labels, family.help);
  status::write_routes(document, what, routes);
  return std::move(document).end();
}

bool has(const std::string& text, const std::string& line) {
  return text.find(line + "\n") != std::string::npos;
}

shm::RouteView route(std::uint32_t number) {
  shm::RouteView view{
      .number = number, .server = "w", .route = "/" + std::to_string(number), .origin = "ws://o"};
  view.active = 1;
  view.opened = 2;
  view.handshake_us = 1'500'000;
  view.bytes = {10, 20};
  view.refused_by[static_cast<std::size_t>(base::HandshakeRefusal::origin_timeout)] = 3;
  view.closes[1][0] = 4;
  return view;
}

}  // namespace

TEST_CASE("a route has its numbers under its own labels", "[metrics_routes]") {
  const std::vector routes = {route(1)};
  const std::string labels = "server=\"w\",route=\"/1\",origin=\"ws://o\"";
  CHECK(has(written(Reading::route_tunnels, routes), "wsflow_route_tunnels_active{" + labels + "} 1"));
  const auto handshakes = written(Reading::route_handshakes, routes);
  CHECK(has(handshakes, "wsflow_route_handshakes_total{" + labels + ",result=\"upgraded\"} 2"));
  CHECK(has(handshakes, "wsflow_route_handshakes_total{" + labels + ",result=\"origin-timeout\"} 3"));
  CHECK(handshakes.find("bad-key") == std::string::npos);
  CHECK(has(written(Reading::route_handshake_seconds, routes),
            "wsflow_route_handshake_seconds_total{" + labels + "} 1.5"));
  CHECK(has(written(Reading::route_bytes, routes),
            "wsflow_route_bytes_total{" + labels + ",direction=\"origin_to_client\"} 20"));
  CHECK(has(written(Reading::route_close_codes, routes),
            "wsflow_route_close_codes_total{" + labels + ",from=\"origin\",code=\"1000\"} 4"));
}

TEST_CASE("handshakes that reached no origin have refusals and nothing else", "[metrics_routes]") {
  auto none = route(1);
  none.origin.clear();
  CHECK(has(
      written(Reading::route_handshakes, {none}),
      "wsflow_route_handshakes_total{server=\"w\",route=\"/1\",origin=\"\",result=\"origin-timeout\"} 3"));
  CHECK(written(Reading::route_handshakes, {none}).find("upgraded") == std::string::npos);
  CHECK(written(Reading::route_tunnels, {none}).find("wsflow_route_tunnels_active{") == std::string::npos);
}

TEST_CASE("beyond so many routes all others are one, which never loses a count", "[metrics_routes]") {
  std::vector<shm::RouteView> routes;
  for (std::uint32_t i = 1; i <= metrics::kOwnSeries; ++i) routes.push_back(route(i));
  const std::string others =
      "wsflow_route_handshakes_total{server=\"others\",route=\"others\",origin=\"others\",";
  CHECK(written(Reading::route_handshakes, routes).find("others") == std::string::npos);
  routes.push_back(route(metrics::kOwnSeries + 1));
  routes.push_back(route(4000));
  routes.push_back(route(0));  // those that found no label
  const auto text = written(Reading::route_handshakes, routes);
  CHECK(has(text, others + "result=\"upgraded\"} 6"));
  CHECK(has(text, others + "result=\"origin-timeout\"} 9"));
  CHECK(text.find("route=\"/101\"") == std::string::npos);
  CHECK(has(written(Reading::route_close_codes, routes),
            "wsflow_route_close_codes_total{server=\"others\",route=\"others\",origin=\"others\",from="
            "\"origin\",code=\"1000\"} 12"));
  // A route that comes sooner in the alphabet takes no series from another.
  routes.insert(routes.begin(), route(101));
  CHECK(has(written(Reading::route_handshakes, routes), others + "result=\"upgraded\"} 8"));
}

TEST_CASE("workers that are not used are 0, and so are the others if one of them is not",
          "[metrics_routes]") {
  std::vector<status::OriginView> origins = {
      {.balancer = "b", .worker = "w", .state = status::OriginState::error},
      {.balancer = "", .worker = "w", .state = status::OriginState::standby}};
  const auto text = [&] {
    status::Document document(status::MetricsFormat::text);
    document.begin("wsflow_worker_usable", "balancer,worker", "x");
    status::write_workers(document, origins);
    return std::move(document).end();
  };
  CHECK(has(text(), "wsflow_worker_usable{balancer=\"b\",worker=\"w\"} 0"));
  CHECK(has(text(), "wsflow_worker_usable{balancer=\"\",worker=\"w\"} 1"));
  CHECK(text().find("others") == std::string::npos);
  for (int i = 0; i < 100; ++i) origins.push_back({.balancer = "b", .worker = std::to_string(i)});
  CHECK(has(text(), "wsflow_worker_usable{balancer=\"others\",worker=\"others\"} 1"));
  origins.back().state = status::OriginState::drained;
  CHECK(has(text(), "wsflow_worker_usable{balancer=\"others\",worker=\"others\"} 0"));
}
