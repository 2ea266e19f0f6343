#include "mod_wsflow/httpd/checks/start_checks.hpp"

#include <string_view>

#include "mod_wsflow/capacity/arithmetic.hpp"
#include "mod_wsflow/httpd/checks/acquire_check.hpp"
#include "mod_wsflow/httpd/checks/cluster_check.hpp"
#include "mod_wsflow/httpd/checks/counting_check.hpp"
#include "mod_wsflow/httpd/checks/field_check.hpp"
#include "mod_wsflow/httpd/checks/http2_check.hpp"
#include "mod_wsflow/httpd/checks/limit_check.hpp"
#include "mod_wsflow/httpd/checks/presence_check.hpp"
#include "mod_wsflow/httpd/checks/route_check.hpp"
#include "mod_wsflow/httpd/checks/settings_check.hpp"
#include "mod_wsflow/httpd/checks/status_check.hpp"
#include "mod_wsflow/httpd/checks/unix_socket_check.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"

namespace wsflow::httpd {

namespace {
// The first route that needs TLS to its origin, if no module offers TLS; nullptr: none.
const Route* route_without_tls(const server_rec* server) noexcept {
  if (ap_ssl_has_outgoing_handlers() != 0) return nullptr;
  for (; server != nullptr; server = server->next) {
    const auto* routes = config_of(server).routes;
    for (int i = 0; i < routes->nelts; ++i) {
      const auto* route = APR_ARRAY_IDX(routes, i, const Route*);
      const std::string_view url(route->real);
      if (url.substr(0, 4) == "wss:" || url.substr(0, 6) == "https:") return route;
    }
  }
  return nullptr;
}

// True if httpd closes the socket that stands in the connection: the hand-over puts another one there. Trunk
// keeps a struct in that place, and this test reads its zeros.
bool sockets_can_be_exchanged(apr_pool_t* pool) noexcept {
  auto* socket = static_cast<apr_socket_t*>(apr_pcalloc(pool, 32 * sizeof(void*)));
  conn_rec c{};
  c.conn_config = ap_create_conn_config(pool);
  ap_set_core_module_config(c.conn_config, socket);
  return ap_get_conn_socket(&c) == socket;
}
}  // namespace

int check_configuration(server_rec* server) noexcept {
  if (!sockets_can_be_exchanged(server->process->pconf)) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
                 WSFLOGNO(0240) "this httpd (%s) does not keep the sockets of connections as 2.4 does: mod_wsflow "
                 "cannot take them over", ap_get_server_description());
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  if (ap_find_linked_module("mod_proxy_http.c") == nullptr) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
                 WSFLOGNO(0080) "mod_wsflow needs mod_proxy_http: "
                                "LoadModule proxy_http_module modules/mod_proxy_http.so");
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  if (!check_presence(server)) return HTTP_INTERNAL_SERVER_ERROR;
  if (const auto* route = route_without_tls(server)) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
                 WSFLOGNO(0083) "WSFlowPass %s %s needs TLS: LoadModule ssl_module modules/mod_ssl.so, and "
                 "\"SSLProxyEngine on\" beside the route", route->path, route->url);
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  if (const int result = check_unix_sockets(server); result != OK) return result;
  if (const int result = check_tls(server); result != OK) return result;
  check_acquire(server);
  if (const int result = check_limits(server); result != OK) return result;
  if (const int result = check_cluster(server); result != OK) return result;
  check_settings(server);
  check_takeover(server);
  check_shadows(server);
  check_counting_modules(server);
  check_field_expressions(server);
  check_status_reach(server);
  if (!mpm_has_threads()) {
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 WSFLOGNO(0081) "with the MPM %s each tunnel holds a process: use mpm_event, with PHP-FPM (mod_proxy_fcgi) in place of mod_php",
                 ap_show_mpm());
    return OK;
  }
  check_http2(server);
  const int spare = mpm_query(AP_MPMQ_MAX_SPARE_THREADS);
  const int workers = mpm_query(AP_MPMQ_MAX_DAEMONS) * mpm_query(AP_MPMQ_MAX_THREADS);
  if (spare > 0 &&
      capacity::ends_idle_children(static_cast<std::uint64_t>(spare), static_cast<std::uint64_t>(workers))) {
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server, WSFLOGNO(0082)
                 "a child full of idle tunnels looks idle to the MPM and may be ended: write \"MaxSpareThreads %d\"",
                 workers);
  }
  return OK;
}

}  // namespace wsflow::httpd
