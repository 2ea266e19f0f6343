#include "mod_wsflow/httpd/checks/route_check.hpp"

#include <algorithm>
#include <optional>

#include "mod_wsflow/config/route_shadow.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/lines/route_owner.hpp"

namespace wsflow::httpd {

namespace {

// The directives that switch on TLS to origins.
constexpr const char* kEngines[] = {"SSLProxyEngine", "TLSProxyEngine", "GnuTLSProxyEngine",
                                    "NSSProxyEngine"};

// True if TLS to origins is switched on at this level of the configuration; nullopt: not given.
std::optional<bool> says_on(apr_pool_t* pool, const Line* level) {
  std::optional<bool> on;
  for (const auto* engine : kEngines) {
    const auto* line = last_line(level, engine);
    if (line == nullptr) continue;
    const auto words = words_of(pool, *line);
    on = on.value_or(false) || (!words.empty() && is_scheme(words.front(), {"on", "optional", "require"}));
  }
  return on;
}

enum class Engine : unsigned char { off, perhaps, on };

// The switch for TLS in the <Proxy> sections of a level. perhaps: a section of another URL switches it on.
Engine on_in_sections(apr_pool_t* pool, const Line* level, const RouteLine& route) {
  auto found = Engine::off;
  for (; level != nullptr; level = level->next) {
    const bool pattern = is_line(*level, "<ProxyMatch");
    if ((!pattern && !is_line(*level, "<Proxy")) || !says_on(pool, level->first_child).value_or(false))
      continue;
    const auto words = words_of(pool, *level);
    if (words.empty()) continue;
    const bool all = pattern || words.size() > 1 || apr_fnmatch_test(words.front()) != 0;
    if (all || network_url(route.url).starts_with(network_url(words.front()))) return Engine::on;
    found = Engine::perhaps;
  }
  return found;
}

Engine engine_of(apr_pool_t* pool, const server_rec* main, const server_rec* server, const RouteLine& route) {
  auto on = says_on(pool, lines_of(server));
  if (!on && server != main) on = says_on(pool, lines_of(main));
  if (on.value_or(false)) return Engine::on;
  auto in_sections = on_in_sections(pool, lines_of(server), route);
  if (server != main) in_sections = std::max(in_sections, on_in_sections(pool, lines_of(main), route));
  return in_sections;
}

bool needs_tls(const server_rec* server, const RouteLine& route) {
  return std::ranges::any_of(targets_of(server, route), [](const Target& target) {
    return is_scheme(target.scheme, {"wss", "https"});
  });
}

bool has_other_members(const server_rec* server, const RouteLine& route) {
  return std::ranges::any_of(targets_of(server, route), [](const Target& target) {
    return is_scheme(target.scheme, {"ws", "http"});
  });
}

const char* name_of(apr_pool_t* pool, const server_rec* server) noexcept {
  if (server->is_virtual == 0) return "the main server";
  return apr_psprintf(pool, "the virtual host of %s:%u", server->defn_name, server->defn_line_number);
}

int find_without_tls(const server_rec* main) {
  auto* pool = main->process->pconf;
  // ap_conftree lacks lines that Perl has made.
  const bool sees_all = ap_find_linked_module("mod_perl.c") == nullptr;
  bool perhaps = false;
  const auto judge = [&](const server_rec* server, const RouteLine& route) {
    if (!has_tunnels(server, route) || !needs_tls(server, route)) return Verdict::none;
    const auto engine = engine_of(pool, main, server, route);
    perhaps = perhaps || engine == Engine::perhaps;
    return engine == Engine::on ? Verdict::works : Verdict::fails;
  };
  int result = OK;
  for (const auto& each : failing_routes(pool, main, judge)) {
    const auto& route = each.route;
    if (sees_all && !perhaps && each.everywhere && route.ours && !has_other_members(each.server, route)) {
      // SSLProxyEngine is not allowed in a <Location>.
      const char* place = route.section == nullptr
                              ? "beside it"
                              : apr_pstrcat(pool, "in ", name_of(pool, route.server), nullptr);
      ap_log_error(
          APLOG_MARK, APLOG_CRIT, 0, main,
          WSFLOGNO(0280) "%s: %s %s needs TLS to its origin, which is off there: "
 "write \"SSLProxyEngine on\" %s",
          place_of(pool, *route.line), spelled(pool, route), route.url, place);
      result = HTTP_INTERNAL_SERVER_ERROR;
      continue;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main,
                 WSFLOGNO(0281) "%s: %s %s needs TLS to its origin, which is off in %s, so that handshakes fail: write \"SSLProxyEngine on\" there",
                 place_of(pool, *route.line), spelled(pool, route), route.url, name_of(pool, each.server));
  }
  return result;
}

bool tunnels_by_itself(const server_rec* server, const RouteLine& route) {
  return std::ranges::any_of(targets_of(server, route), [](const Target& target) {
    return target.upgrades || is_scheme(target.scheme, {"ws", "wss"});
  });
}

// True if a WSFlow line stands in an <If> of the server or the main server. Only requests tell which routes
// it concerns.
bool is_said_in_if(const server_rec* server) noexcept {
  return find_line(ap_conftree, [server](const Line& line) {
           if (!is_line(line, "WSFlow")) return false;
           const auto* host = host_of(line);
           if (host != nullptr && host->first_child != lines_of(server)) return false;
           const auto* outer = line.parent;
           while (outer != nullptr && !is_line(*outer, "<If") && !is_line(*outer, "<ElseIf") &&
                  !is_line(*outer, "<Else"))
             outer = outer->parent;
           return outer != nullptr;
         }) != nullptr;
}

void find_left_over(const server_rec* main) {
  auto* pool = main->process->pconf;
  const auto judge = [&](const server_rec* server, const RouteLine& route) {
    if (route.ours || !tunnels_by_itself(server, route)) return Verdict::none;
    const bool unsaid = !wsflow_at(server, route) && !is_said_in_if(server);
    return unsaid ? Verdict::fails : Verdict::works;
  };
  const auto left = failing_routes(pool, main, judge);
  if (left.empty()) return;
  const auto& first = left.front().route;
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main,
               WSFLOGNO(0282) "%s: %s: %s a worker thread for each socket: write \"WSFlow On\" beside it (or Off, to leave it so)",
               place_of(pool, *first.line), spelled(pool, first),
               left.size() == 1 ? "1 route holds"
                                : apr_psprintf(pool, "this and others, %d routes hold", static_cast<int>(left.size())));
}

config::RouteRank placed(const RouteLine& route) noexcept {
  return {route.path, route.section != nullptr, route.pattern, route.encoded};
}

// True if `loser` gets requests, too: mod_proxy_wstunnel makes mod_proxy pass over routes to ws:// for a
// request without an upgrade.
bool shares_path(const server_rec* server, const RouteLine& winner, const RouteLine& loser) {
  if (ap_find_linked_module("mod_proxy_wstunnel.c") == nullptr) return false;
  return tunnels_by_itself(server, winner) && !tunnels_by_itself(server, loser);
}

// The route that takes all requests of routes[which]; nullptr: none.
const RouteLine* winner_over(const server_rec* server, const std::vector<RouteLine>& routes,
                             std::size_t which) {
  const auto& loser = routes[which];
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const auto& other = routes[i];
    if (i == which || other.variable || shares_path(server, other, loser)) continue;
    if (is_exclusion(other) && is_exclusion(loser)) continue;
    const bool wins =
        i < which ? config::hides(placed(other), placed(loser))
                  // A virtual host hides a route of the main server on purpose.
                  : other.server == loser.server && config::is_hidden_by(placed(loser), placed(other));
    if (wins) return &other;
  }
  return nullptr;
}

// The line to write. The last of two sections wins, and each section wins over all routes outside.
const char* cure_of(const RouteLine& winner, const RouteLine& loser) noexcept {
  if (loser.section != nullptr) return "write the section of the longer path last";
  if (winner.section == nullptr && winner.server == loser.server) return "write the longer path first";
  return "write it in a <Location> behind that one";
}

void find_hidden(const server_rec* main, const server_rec* server) {
  auto* pool = main->process->pconf;
  const auto routes = routes_in_force(pool, main, server);
  for (std::size_t which = 0; which < routes.size(); ++which) {
    const auto& route = routes[which];
    if (route.server != server || route.variable) continue;
    const auto* winner = winner_over(server, routes, which);
    if (winner == nullptr || (!route.ours && !winner->ours && !wsflow_at(server, route).value_or(false)))
      continue;
    ap_log_error(
        APLOG_MARK, APLOG_WARNING, 0, main,
        WSFLOGNO(0283) "%s: %s %s is never used, as %s at %s takes all of its requests: %s, or leave one out",
        place_of(pool, *route.line), spelled(pool, route), route.url, spelled(pool, *winner),
        place_of(pool, *winner->line), cure_of(*winner, route));
  }
}

}  // namespace

int check_tls(const server_rec* main) noexcept {
  if (ap_find_linked_module("mod_ssl.c") == nullptr) return OK;
  return guard(main, HTTP_INTERNAL_SERVER_ERROR, [&] { return find_without_tls(main); });
}

void check_takeover(const server_rec* main) noexcept {
  guard_void(main, [&] { find_left_over(main); });
}

void check_shadows(const server_rec* main) noexcept {
  guard_void(main, [&] {
    for (const auto* server = main; server != nullptr; server = server->next) find_hidden(main, server);
  });
}

}  // namespace wsflow::httpd
