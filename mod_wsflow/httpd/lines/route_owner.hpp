#pragma once

#include <optional>
#include <vector>

#include "mod_wsflow/httpd/lines/route_lines.hpp"

namespace wsflow::httpd {

// Whose the upgrades of a route are. For the checks at the start. Parent.

// What WSFlow says where the route counts in `server`, if it says anything. Where it is given for a part of
// the route, that counts.
std::optional<bool> wsflow_at(const server_rec* server, const RouteLine& route) noexcept;

// Whether tunnels of the module come of it.
bool has_tunnels(const server_rec* server, const RouteLine& route) noexcept;

// Whether a section with this path and what is matched by this text have anything in common; patterns are
// taken to have.
bool may_meet(const char* section, bool pattern, const RouteLine& route) noexcept;

enum class Verdict : unsigned char { none, fails, works };
// A route that fails in some server where it counts.
struct Failing {
  RouteLine route;
  const server_rec* server;  // the first
  bool everywhere;
};
// Those of all servers for which `judge(server, route)` says so, each once. That one of the main server's
// fails in there does not matter where it works in a virtual host: nobody may ever come to the main server.
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
