#include "mod_wsflow/httpd/dump/tunnel_routes.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/lines/route_owner.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::httpd {

namespace {

const proxy_server_conf& proxy_of(const server_rec* server) noexcept {
  return *static_cast<const proxy_server_conf*>(ap_get_module_config(server->module_config, &proxy_module));
}

// A URL without user and password, which nobody else must see.
std::string without_password(std::string_view url) {
  const auto begin = url.find("://");
  if (begin == url.npos) return std::string(url);
  const auto end = url.find_first_of("/?#", begin + 3);
  const auto at = url.substr(0, end).rfind('@');
  if (at == url.npos || at < begin) return std::string(url);
  return std::string(url.substr(0, begin + 3)).append(url.substr(at + 1));
}

std::string authority(std::string_view url) {
  const auto begin = url.find("://");
  const auto rest = begin == url.npos ? url : url.substr(begin + 3);
  return std::string(rest.substr(0, rest.find_first_of("/?#")));
}

RouteOrigin of_worker(const proxy_worker& worker) {
  const auto& shared = *worker.s;
  const bool local = shared.uds_path[0] != '\0';
  RouteOrigin origin{.url =
                         without_password(ap_proxy_worker_name(nullptr, const_cast<proxy_worker*>(&worker)))};
  origin.address = local ? std::string(shared.uds_path)
                         : std::string(shared.hostname_ex) + ":" + std::to_string(shared.port);
  origin.local = local;
  origin.most = shared.hmax;
  origin.acquire = shared.acquire_set != 0 ? shared.acquire : 0;
  origin.timeout = shared.timeout_set != 0 ? shared.timeout : 0;
  return origin;
}

std::vector<RouteOrigin> origins_of(const server_rec* server, const RouteLine& route) {
  const auto url = network_url(route.url);
  auto* proxy = const_cast<proxy_server_conf*>(&proxy_of(server));
  std::vector<RouteOrigin> origins;
  if (url.substr(0, 9) == "balancer:") {
    const auto name = url.substr(0, url.find_first_of("/?#", 11));
    for (const auto& balancer : elements<const proxy_balancer>(proxy->balancers)) {
      if (!ws::equals_ignoring_case(balancer.s->name, name)) continue;
      for (const auto* worker : elements<const proxy_worker* const>(balancer.workers))
        origins.push_back(of_worker(*worker));
    }
    return origins;
  }
  const auto* worker =
      route.rewritten ? nullptr : ap_proxy_get_worker(server->process->pconf, nullptr, proxy, route.url);
  if (worker != nullptr) return {of_worker(*worker)};
  RouteOrigin origin{.url = without_password(url), .address = authority(without_password(url))};
  origin.local = url.data() != route.url;
  return {origin};
}

const PartialTunnelConfig* keys_of(const server_rec* server, const RouteLine& route) noexcept {
  if (!route.ours) return nullptr;
  for (const auto* each : elements<const Route* const>(config_of(server).routes)) {
    if (std::strcmp(each->url, route.url) == 0 && std::strcmp(each->path, route.path) == 0)
      return &each->tunnels;
  }
  return nullptr;
}

TunnelRoute made(const server_rec* main, const server_rec* server, const RouteLine& route) {
  PartialTunnelConfig given{};
  TunnelRoute found{.line = route, .server = server, .settings = {}, .origins = {}, .limits = {}};
  for (const auto* config : configs_of(server, route)) {
    given = overlay(config->tunnels, given);
    if (config->handshakes.sources != nullptr)
      found.sources = static_cast<std::uint64_t>(config->handshakes.sources->nelts);
  }
  if (const auto* keys = keys_of(server, route)) given = overlay(*keys, given);
  found.settings = complete(given).settings;
  found.origins = origins_of(server, route);
  found.limits = limits_of(main, server, route);
  return found;
}

}  // namespace

std::vector<TunnelRoute> tunnel_routes(const server_rec* main) {
  std::vector<TunnelRoute> found;
  std::set<const Line*> known;
  for (const auto* server = main; server != nullptr; server = server->next) {
    for (const auto& route : routes_in_force(main->process->pconf, main, server)) {
      if (known.contains(route.line) || !has_tunnels(server, route)) continue;
      known.insert(route.line);
      found.push_back(made(main, server, route));
    }
  }
  return found;
}

}  // namespace wsflow::httpd
