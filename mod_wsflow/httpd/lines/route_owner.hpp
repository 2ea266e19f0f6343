#pragma once

#include <optional>
#include <vector>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/lines/route_lines.hpp"

namespace wsflow::httpd {

// Tells whether the module or another one takes the upgrades of a route. For the checks at the start. Parent.

// The configurations that hold for requests of the route in `server`, each overlaid by the next ones.
// Patterns are taken to match.
std::vector<const DirConfig*> configs_of(const server_rec* server, const RouteLine& route);

// What WSFlow says where the route counts in `server`, if it says anything. Where it is given for a part of
// the route, that counts.
std::optional<bool> wsflow_at(const server_rec* server, const RouteLine& route);

// True if the module makes tunnels of the route's upgrades.
bool has_tunnels(const server_rec* server, const RouteLine& route);

// True if a section with this path and the route may share requests. Patterns are taken to share some.
bool may_meet(const char* section, bool pattern, const RouteLine& route) noexcept;

enum class Verdict : unsigned char { none, fails, works };
// A route that fails in some server where it counts.
struct Failing {
  RouteLine route;
  const server_rec* server;  // the first that it fails in
  bool everywhere;
};
// The routes of all servers that fail by `judge(server, route)`, each once. A failure in the main server
// alone does not count if the route works in a virtual host: perhaps nobody ever comes to the main server.
template <class Judge>
std::vector<Failing> failing_routes(apr_pool_t* pool, const server_rec* main, Judge&& judge) {
  struct Sum {
    RouteLine route;
    const server_rec* fails;
    bool fails_in_main;
    bool works;
  };
  std::vector<Sum> sums;
  for (const auto* server = main; server != nullptr; server = server->next) {
    for (const auto& route : routes_in_force(pool, main, server)) {
      const Verdict verdict = is_exclusion(route) ? Verdict::none : judge(server, route);
      if (verdict == Verdict::none) continue;
      auto sum = sums.begin();
      while (sum != sums.end() && sum->route.line != route.line) ++sum;
      if (sum == sums.end()) sum = sums.insert(sum, Sum{route, nullptr, false, false});
      if (verdict == Verdict::works) {
        sum->works = true;
      } else if (server == main) {
        sum->fails_in_main = true;
      } else if (sum->fails == nullptr) {
        sum->fails = server;
      }
    }
  }
  std::vector<Failing> failing;
  for (const auto& sum : sums) {
    if (sum.fails == nullptr && (sum.works || !sum.fails_in_main)) continue;
    failing.push_back({sum.route, sum.fails != nullptr ? sum.fails : main, !sum.works});
  }
  return failing;
}

}  // namespace wsflow::httpd
