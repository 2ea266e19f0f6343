#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/lines/route_limits.hpp"

namespace wsflow::httpd {

// An origin of a route, as its worker of mod_proxy has it.
struct RouteOrigin {
  std::string url{};  // without user and password
  std::string
      address{};       // host and port, or the path of the socket: two routes to one address share its ports
  bool local = false;  // behind a Unix socket
  int most = 0;        // max= of its worker, for each child; 0: none
  std::int64_t acquire = 0;  // acquire=, in microseconds; 0: none
  std::int64_t timeout = 0;  // timeout=, in microseconds; 0: ProxyTimeout counts
};

// A route whose upgrades become tunnels, in the first server that it counts in.
struct TunnelRoute {
  RouteLine line;
  const server_rec* server = nullptr;
  config::TunnelSettings settings;
  std::vector<RouteOrigin> origins;
  std::vector<const LimitConfig*> limits;
  std::uint64_t sources = 0;  // addresses of WSFlowSourceAddress
};

// All of them, each line once. Parent, at the checks.
std::vector<TunnelRoute> tunnel_routes(const server_rec* main);

}  // namespace wsflow::httpd
