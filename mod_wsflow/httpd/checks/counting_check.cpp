#include "mod_wsflow/httpd/checks/counting_check.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/lines/counting_lines.hpp"
#include "mod_wsflow/httpd/lines/route_limits.hpp"
#include "mod_wsflow/httpd/lines/route_owner.hpp"

namespace wsflow::httpd {

namespace {

// True if a limit counts the tunnels of a route.
bool is_limited(const server_rec* main, const server_rec* server, const RouteLine& route,
                bool for_each_client) {
  return std::ranges::any_of(limits_of(main, server, route), [for_each_client](const LimitConfig* rule) {
    return counts_tunnels(rule->definition) && (rule->definition.keyed || !for_each_client);
  });
}

// True if the line bounds requests of the route. A line in a virtual host bounds requests of that host, a
// line with a path bounds requests below the path.
bool concerns(apr_pool_t* pool, const Line& line, const server_rec* server, const RouteLine& route) {
  const auto* host = host_of(line);
  if (host != nullptr && host->first_child != lines_of(server)) return false;
  if (!is_line(line, "QS_LocRequestLimit")) return true;
  const auto words = words_of(pool, line);
  return words.empty() || may_meet(words.front(), false, route);
}

std::optional<RouteLine> first_unlimited(apr_pool_t* pool, const server_rec* main, const Line& line,
                                         bool for_each_client) {
  const auto judge = [&](const server_rec* server, const RouteLine& route) {
    if (!has_tunnels(server, route) || !concerns(pool, line, server, route)) return Verdict::none;
    return is_limited(main, server, route, for_each_client) ? Verdict::works : Verdict::fails;
  };
  const auto failing = failing_routes(pool, main, judge);
  if (failing.empty()) return std::nullopt;
  return failing.front().route;
}

// The first word that is a number other than 0; else "N".
const char* number_in(apr_pool_t* pool, const Line& line) {
  auto words = words_of(pool, line);
  // The number stands behind a bandwidth and a pace.
  if (is_line(line, "CBandSpeed") || is_line(line, "CBandRemoteSpeed")) std::ranges::reverse(words);
  for (const char* word : words) {
    const std::string_view text(word);
    if (text != "0" && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return word;
  }
  return "N";
}

// A name that differs from those of all limits and from `taken`: one name stands for one definition.
const char* free_name(apr_pool_t* pool, const server_rec* main, const char* taken) noexcept {
  const char* name = "sockets";
  const auto is_taken = [&](const char* text) {
    return (taken != nullptr && std::string_view(text) == taken) ||
           std::ranges::any_of(
               elements<const LimitConfig* const>(config_of(main).limits),
               [text](const auto* rule) { return std::string_view(text) == rule->definition.name; });
  };
  for (int number = 2; is_taken(name); ++number) name = apr_psprintf(pool, "sockets%d", number);
  return name;
}

// Returns the name that it proposes; nullptr: no warning.
const char* warn_of(const server_rec* main, const Line& line, const Counting& counting, const char* taken) {
  auto* pool = main->process->pconf;
  const auto route = first_unlimited(pool, main, line, counting.for_each_client);
  if (!route) return nullptr;
  const char* name = free_name(pool, main, taken);
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main, WSFLOGNO(0287)
               "%s: %s counts no tunnels, and no limit %sis in force for those of %s (%s): write \"WSFlowLimit %s concurrency=%s applies=tunnels%s\" beside the route",
               place_of(pool, line), counting.directive, counting.for_each_client ? "with key= " : "",
               spelled(pool, *route), place_of(pool, *route->line), name, number_in(pool, line),
               counting.for_each_client ? " key=%{REMOTE_ADDR}" : "");
  return name;
}

}  // namespace

void check_counting_modules(const server_rec* main) noexcept {
  guard_void(main, [&] {
    // One warning of each kind is enough: the same limit stands in for all directives of the kind.
    const char* said[2] = {};
    for_each_line(ap_conftree, [&](const Line& line) {
      const auto* counting = counting_of(line);
      if (counting == nullptr) return;
      const std::size_t kind = counting->for_each_client ? 1 : 0;
      if (said[kind] == nullptr) said[kind] = warn_of(main, line, *counting, said[1 - kind]);
    });
  });
}

}  // namespace wsflow::httpd
