#include "mod_wsflow/httpd/dump/capacity_facts.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <new>
#include <string>
#include <vector>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/dump/tunnel_routes.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/lines/async_factor.hpp"
#include "mod_wsflow/httpd/lines/config_tree.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/shm/mapping.hpp"

namespace wsflow::httpd {

namespace {

// Directives whose lines are told. None of them holds a secret.
constexpr const char* kMpmLines[] = {"StartServers",
                                     "ServerLimit",
                                     "ThreadLimit",
                                     "ThreadsPerChild",
                                     "MaxRequestWorkers",
                                     "MaxClients",
                                     "MinSpareThreads",
                                     "MaxSpareThreads",
                                     "AsyncRequestWorkerFactor",
                                     "ListenBacklog",
                                     "ListenCoresBucketsRatio",
                                     "MaxConnectionsPerChild",
                                     "MaxRequestsPerChild",
                                     "GracefulShutdownTimeout"};
constexpr const char* kModuleLines[] = {"WSFlowThreads", "WSFlowMaxTunnels", "WSFlowMaxHandshakes",
                                        "WSFlowMaxBuffered", "WSFlowDrain"};

// An array of the pool with these elements.
template <class T>
std::span<const T> kept(apr_pool_t* pool, const std::vector<T>& elements) {
  if (elements.empty()) return {};
  return {static_cast<const T*>(apr_pmemdup(pool, elements.data(), elements.size() * sizeof(T))),
          elements.size()};
}

std::string_view kept(apr_pool_t* pool, std::string_view text) noexcept {
  if (text.empty()) return "";
  return {apr_pstrmemdup(pool, text.data(), text.size()), text.size()};
}

capacity::Count count(int number) noexcept {
  return number > 0 ? capacity::Count(static_cast<std::uint64_t>(number)) : std::nullopt;
}

// The number of a line of the main server; nothing: there is no line.
capacity::Count number_of_line(const char* directive) noexcept {
  const auto* line = last_line(ap_conftree, directive);
  return line != nullptr ? count(static_cast<int>(std::strtol(line->args, nullptr, 10))) : std::nullopt;
}

std::vector<capacity::Setting> settings(apr_pool_t* pool, const std::vector<TunnelRoute>& routes,
                                        std::string_view& mpm_file) {
  std::vector<capacity::Setting> found;
  const auto add = [&](const char* name) {
    const auto* line = last_line(ap_conftree, name);
    if (line == nullptr) return false;
    found.push_back({.name = name, .value = line->args, .place = place_of(pool, *line)});
    return true;
  };
  for (const auto* name : kMpmLines) {
    if (add(name)) mpm_file = last_line(ap_conftree, name)->filename;
  }
  for (const auto* name : kModuleLines) add(name);
  if (!routes.empty()) {
    const auto& line = *routes.front().line.line;
    found.push_back({.name = "route", .value = line.directive, .place = place_of(pool, line)});
  }
  return found;
}

std::vector<capacity::OriginFacts> origins(apr_pool_t* pool, const std::vector<TunnelRoute>& routes) {
  std::map<std::string, capacity::OriginFacts> by_address;
  for (const auto& route : routes) {
    for (const auto& origin : route.origins) {
      auto& facts = by_address[origin.address];
      facts.url = apr_pstrdup(pool, origin.url.c_str());
      facts.local = origin.local;
      facts.sources = std::max<std::uint64_t>(facts.sources, route.sources);
    }
  }
  std::vector<capacity::OriginFacts> all;
  for (const auto& [address, facts] : by_address) all.push_back(facts);
  return all;
}

// The limits that have one count for all tunnels. Counts the routes without one.
std::vector<capacity::LimitFacts> limits(const std::vector<TunnelRoute>& routes, std::uint64_t& unlimited) {
  std::map<const LimitConfig*, std::uint64_t> uses;
  for (const auto& route : routes) {
    bool limited = false;
    for (const auto* limit : route.limits) {
      if (limit->definition.keyed || !counts_tunnels(limit->definition)) continue;
      limited = true;
      ++uses[limit];
    }
    if (!limited) ++unlimited;
  }
  std::vector<capacity::LimitFacts> all;
  for (const auto& [limit, number] : uses) {
    all.push_back({.name = limit->definition.name,
                   .place = limit->where != nullptr ? limit->where : "",
                   .concurrency = limit->definition.settings.concurrency,
                   .routes = number});
  }
  std::ranges::sort(all, {}, &capacity::LimitFacts::name);
  return all;
}

bool any_tls_server() {
  return find_line(ap_conftree, [](const Line& line) {
           return is_line(line, "SSLEngine") && ap_cstr_casecmp(line.args, "off") != 0;
         }) != nullptr;
}

bool any_tls_origin(const std::vector<TunnelRoute>& routes) noexcept {
  return std::ranges::any_of(routes, [](const TunnelRoute& route) {
    return std::ranges::any_of(route.origins, [](const RouteOrigin& origin) {
      return origin.url.starts_with("wss:") || origin.url.starts_with("https:");
    });
  });
}

void add_mpm(capacity::Facts& facts) noexcept {
  constexpr int kStartServers = 3;  // httpd's default, as it does not tell it
  constexpr int kListenBacklog = 511;
  facts.threads = mpm_has_threads();
  facts.waits = mpm_waits_for_requests();
  facts.children = static_cast<std::uint64_t>(std::max(mpm_query(AP_MPMQ_MAX_DAEMONS), 1));
  facts.threads_per_child = static_cast<std::uint64_t>(std::max(mpm_query(AP_MPMQ_MAX_THREADS), 1));
  facts.start_servers = number_of_line("StartServers").value_or(kStartServers);
  facts.min_spare_threads = count(mpm_query(AP_MPMQ_MIN_SPARE_THREADS));
  facts.max_spare_threads = count(mpm_query(AP_MPMQ_MAX_SPARE_THREADS));
  facts.max_connections_per_child =
      static_cast<std::uint64_t>(std::max(mpm_query(AP_MPMQ_MAX_REQUESTS_DAEMON), 0));
  facts.listen_backlog = number_of_line("ListenBacklog").value_or(kListenBacklog);
  facts.async_factor = async_factor();
}

capacity::Facts made(server_rec* main) {
  auto* pool = main->process->pconf;
  const auto routes = tunnel_routes(main);
  const auto& given = config_of(main).settings;
  capacity::Facts facts;
  add_mpm(facts);
  facts.loops = static_cast<std::uint64_t>(given.threads.value_or(1));
  facts.max_tunnels = count(given.max_tunnels.value_or(0));
  facts.max_handshakes = count(given.max_handshakes.value_or(0));
  facts.rows = shm::kUsualCapacity.pages * shm::kPageRows;
  facts.tls_clients = any_tls_server();
  facts.tls_origins = any_tls_origin(routes);
  facts.routes = routes.size();
  facts.origins = kept(pool, origins(pool, routes));
  facts.limits = kept(pool, limits(routes, facts.unlimited_routes));
  facts.config_file = ap_conftree != nullptr ? apr_pstrdup(pool, ap_conftree->filename) : "";
  auto lines = settings(pool, routes, facts.mpm_file);
  // The lines themselves end when the server starts.
  facts.mpm_file = kept(pool, facts.mpm_file);
  for (auto& line : lines) line.value = kept(pool, line.value);
  facts.settings = kept(pool, lines);
  return facts;
}

}  // namespace

const capacity::Facts& configured_facts(server_rec* main) {
  static_assert(std::is_trivially_destructible_v<capacity::Facts>,
                "the pool frees it, and does nothing else");
  return *::new (apr_palloc(main->process->pconf, sizeof(capacity::Facts))) capacity::Facts(made(main));
}

void note_capacity(server_rec* main) noexcept {
  guard_void(main, [&] { config_of(main).capacity = &configured_facts(main); });
}

}  // namespace wsflow::httpd
