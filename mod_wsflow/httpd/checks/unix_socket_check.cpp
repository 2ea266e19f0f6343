#include "mod_wsflow/httpd/checks/unix_socket_check.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/lines/config_tree.hpp"
#include "mod_wsflow/httpd/lines/sections.hpp"
#include "mod_wsflow/httpd/log.hpp"

namespace wsflow::httpd {

namespace {

constexpr std::string_view kUnix = "unix:";

// The two parts of a route's URL: the path of its socket, as mod_proxy keeps it (empty: none), and the rest.
struct Target {
  const char* socket = "";
  const char* url;
};

Target split(apr_pool_t* pool, const char* url) noexcept {
  const char* bar = std::strchr(url, '|');
  if (bar == nullptr || ap_cstr_casecmpn(url, kUnix.data(), kUnix.size()) != 0) return {.url = url};
  const char* path =
      apr_pstrmemdup(pool, url + kUnix.size(), static_cast<apr_size_t>(bar - url) - kUnix.size());
  const char* socket = ap_runtime_dir_relative(pool, path);
  return {.socket = socket != nullptr ? socket : path, .url = bar + 1};
}

bool speaks_http(const char* url) noexcept {
  constexpr std::string_view kSchemes[] = {"ws:", "wss:", "http:", "https:"};
  return std::any_of(std::begin(kSchemes), std::end(kSchemes),
                     [&](auto scheme) { return ap_cstr_casecmpn(url, scheme.data(), scheme.size()) == 0; });
}

// The URL with a port that no other origin has. A Unix socket ignores the port.
const char* with_own_port(apr_pool_t* pool, proxy_balancer* balancer, proxy_server_conf* proxy,
                          const char* url) noexcept {
  apr_uri_t uri{};
  if (apr_uri_parse(pool, url, &uri) != APR_SUCCESS) return url;
  const char* host = uri.hostname != nullptr ? uri.hostname : "localhost";
  const char* path = uri.path != nullptr ? uri.path : "/";
  char* own = nullptr;
  for (int port = 8001; port < 9000; ++port) {
    own = apr_psprintf(pool, "%s://%s:%d%s", uri.scheme, host, port, path);
    if (ap_proxy_get_worker(pool, balancer, proxy, own) == nullptr) break;
  }
  return own;
}

// One level of the configuration's lines: mod_proxy keeps routes without their sockets.
struct Level {
  server_rec* server;
  proxy_server_conf* proxy;
  proxy_balancer* balancer;  // of a <Proxy balancer://...>; else nullptr
  bool takes_over;           // WSFlow On stands somewhere in this server
};

Level level_of(server_rec* server) noexcept {
  return {
      .server = server,
      .proxy = static_cast<proxy_server_conf*>(ap_get_module_config(server->module_config, &proxy_module)),
      .balancer = nullptr,
      .takes_over = takes_upgrades_somewhere(server)};
}

Level level_behind(const Line& section, const Level& level, server_rec* main) noexcept {
  if (is_line(section, "<VirtualHost")) {
    for (auto* host = main->next; host != nullptr; host = host->next) {
      if (host->defn_name != nullptr && std::strcmp(host->defn_name, section.filename) == 0 &&
          host->defn_line_number == static_cast<unsigned>(section.line_num))
        return level_of(host);
    }
  }
  Level inner = level;
  if (is_line(section, "<Proxy")) {
    const char* arguments = section.args;
    std::string_view name = ap_getword_conf(main->process->pconf, &arguments);
    if (name.ends_with('>')) name.remove_suffix(1);
    const char* copied = apr_pstrmemdup(main->process->pconf, name.data(), name.size());
    inner.balancer = ap_proxy_get_balancer(main->process->pconf, level.proxy, copied, 0);
  }
  return inner;
}

// True if a WSFlowPass names that socket.
bool has_route_to(const Level& level, std::string_view socket, apr_pool_t* pool) noexcept {
  const auto routes = elements<const Route*>(config_of(level.server).routes);
  return std::any_of(routes.begin(), routes.end(),
                     [&](const Route* route) { return split(pool, route->url).socket == socket; });
}

// True if the line names an origin that our tunnels may go to, or whose requests may go to an origin of our
// tunnels.
bool concerns_us(const Line& line, const Level& level, std::string_view socket, apr_pool_t* pool) noexcept {
  if (is_line(line, "WSFlowPass") || level.takes_over) return true;
  if (is_line(line, "BalancerMember")) return config_of(level.server).routes->nelts != 0;
  return has_route_to(level, socket, pool);
}

// True if mod_proxy connects to the origin that the line names; logs an error if not.
bool is_right(const Line& line, const Level& level, apr_pool_t* pool) noexcept {
  const bool member = is_line(line, "BalancerMember");
  if (!member && !is_line(line, "WSFlowPass") && !is_line(line, "ProxyPass") &&
      !is_line(line, "ProxyPassMatch"))
    return true;
  const char* arguments = line.args;
  auto* balancer = member ? level.balancer : nullptr;
  while (*arguments != '\0') {
    char* word = ap_getword_conf(pool, &arguments);
    if (member && ap_proxy_valid_balancer_name(word, 0) != 0)
      balancer = ap_proxy_get_balancer(pool, level.proxy, word, 0);
    const auto target = split(pool, word);
    if (!speaks_http(target.url)) continue;
    const auto* worker = ap_proxy_get_worker(pool, balancer, level.proxy, word);
    const std::string_view reached = worker != nullptr ? worker->s->uds_path : "";
    if (reached.empty() || reached == target.socket || !concerns_us(line, level, reached, pool)) return true;
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, level.server,
                 WSFLOGNO(0253) "%s:%d: %s %s would reach the application at the socket %s: mod_proxy knows "
                 "origins by their URL without the socket; write \"%s\", the port is not used",
                 line.filename, line.line_num, line.directive, line.args, reached.data(),
                 apr_pstrcat(pool, kUnix.data(), *target.socket != '\0' ? target.socket : reached.data(), "|",
                             with_own_port(pool, balancer, level.proxy, target.url), nullptr));
    return false;
  }
  return true;
}

bool all_are_right(const Line* line, const Level& level, server_rec* main) noexcept {
  for (; line != nullptr; line = line->next) {
    const bool right = line->first_child != nullptr
                           ? all_are_right(line->first_child, level_behind(*line, level, main), main)
                           : is_right(*line, level, main->process->pconf);
    if (!right) return false;
  }
  return true;
}

}  // namespace

int check_unix_sockets(server_rec* main) noexcept {
  return all_are_right(ap_conftree, level_of(main), main) ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

}  // namespace wsflow::httpd
