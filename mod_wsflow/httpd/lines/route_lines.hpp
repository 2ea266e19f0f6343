#pragma once

#include <string_view>
#include <vector>

#include "mod_wsflow/httpd/lines/config_tree.hpp"

namespace wsflow::httpd {

// A line that maps a path to an origin: WSFlowPass, ProxyPass, ProxyPassMatch, or a RewriteRule with [P]. For
// the checks at the start. Parent.
struct RouteLine {
  const server_rec* server;  // the server whose configuration has the line
  const Line* line;
  const Line* section;  // the <Location> around the line; nullptr: none
  const char* path;     // the path, the pattern, or the section's path
  const char* url;
  bool ours;       // WSFlowPass
  bool pattern;    // the path is a regular expression or has wild cards
  bool encoded;    // mapping=encoded or servlet: mod_proxy tries it before all other routes
  bool variable;   // the path or the URL is unknown until there is a request
  bool rewritten;  // RewriteRule
  bool upgrades;   // upgrade=: mod_proxy_http makes tunnels, too
};

// The routes in the configuration of one server alone, in order.
std::vector<RouteLine> route_lines(apr_pool_t* pool, const server_rec* server);

// The routes that count in a server, in mod_proxy's order: the main server's come first.
std::vector<RouteLine> routes_in_force(apr_pool_t* pool, const server_rec* main, const server_rec* server);

bool is_exclusion(const RouteLine& route) noexcept;

// The URL behind "unix:/path|".
std::string_view network_url(const char* url) noexcept;

struct Target {
  std::string_view scheme;
  std::string_view host;
  std::string_view url;         // of a balancer's member: the balancer's URL
  bool local;                   // reached at a Unix socket
  bool upgrades;                // upgrade= of the member or the route
  std::int64_t receive_buffer;  // mod_proxy's, in bytes; 0: the system's
};
// The targets of a route: its URL, or the members of its balancer.
std::vector<Target> targets_of(const server_rec* server, const RouteLine& route);

bool is_scheme(std::string_view scheme, std::initializer_list<std::string_view> schemes) noexcept;

// The route as a message names it: "WSFlowPass /path".
const char* spelled(apr_pool_t* pool, const RouteLine& route) noexcept;

}  // namespace wsflow::httpd
