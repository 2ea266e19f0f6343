#include "mod_wsflow/httpd/checks/counting_check.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/lines/route_owner.hpp"

namespace wsflow::httpd {

namespace {

// A directive of another module that bounds concurrent connections, or requests in progress.
struct Counting {
  const char* module;
  const char* directive;
  bool for_each_client;
};
constexpr Counting kCounting[] = {
    {"mod_qos.c", "QS_SrvMaxConnPerIP", true},
    {"mod_qos.c", "QS_ClientEventRequestLimit", true},
    {"mod_qos.c", "QS_SrvMaxConn", false},
    {"mod_qos.c", "QS_LocRequestLimit", false},
    {"mod_qos.c", "QS_LocRequestLimitMatch", false},
    {"mod_qos.c", "QS_LocRequestLimitDefault", false},
    {"mod_qos.c", "QS_CondLocRequestLimitMatch", false},
    {"mod_qos.c", "QS_EventRequestLimit", false},
    {"mod_security2.c", "SecConnReadStateLimit", true},
    {"mod_security2.c", "SecConnWriteStateLimit", true},
    {"mod_security2.c", "SecReadStateLimit", true},
    {"mod_security2.c", "SecWriteStateLimit", true},
    {"mod_limitipconn.c", "MaxConnPerIP", true},
    {"mod_antiloris.c", "IPTotalLimit", true},
    {"mod_antiloris.c", "IPReadLimit", true},
    {"mod_antiloris.c", "IPWriteLimit", true},
    {"mod_bw.c", "MaxConnection", false},
    {"mod_cband.c", "CBandSpeed", false},
    {"mod_cband.c", "CBandRemoteSpeed", true},
};

const Counting* counting_of(const Line& line) noexcept {
  const auto* found = std::ranges::find_if(
      kCounting, [&line](const Counting& each) { return is_line(line, each.directive); });
  return found != std::end(kCounting) && ap_find_linked_module(found->module) != nullptr ? found : nullptr;
}

bool is_in_force(const server_rec* main, const server_rec* server, const LimitSection& place,
                 const RouteLine& route) noexcept {
  if (place.server != main && place.server != server) return false;
  if (place.path == nullptr) return true;
  const bool pattern = std::string_view(place.section) != "<Location" || apr_fnmatch_test(place.path) != 0;
  return may_meet(place.path, pattern, route);
}

bool counts_tunnels(const limits::LimitDefinition& definition, bool for_each_client) noexcept {
  return definition.settings.concurrency != 0 && definition.applies != limits::Applies::requests &&
         (definition.keyed || !for_each_client);
}

// True if a limit counts the tunnels of a route.
bool is_limited(const server_rec* main, const server_rec* server, const RouteLine& route,
                bool for_each_client) {
  std::map<const LimitConfig*, bool> rules;
  for (const auto& place : elements<const LimitSection>(config_of(main).limit_sections)) {
    if (!is_in_force(main, server, place, route)) continue;
    for (const auto& use : elements<const AppliedLimit>(place.uses)) rules[use.rule] = !use.off;
  }
  return std::ranges::any_of(rules, [for_each_client](const auto& each) {
    const auto& definition = each.first->definition;
    return each.second && counts_tunnels(definition, for_each_client) && !definition.dry_run;
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
