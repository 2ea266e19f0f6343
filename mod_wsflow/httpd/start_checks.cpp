#include "mod_wsflow/httpd/start_checks.hpp"

#include "mod_wsflow/httpd/log.hpp"

namespace wsflow::httpd {

namespace {
int query(int what) noexcept {
  int value = 0;
  return ap_mpm_query(what, &value) == APR_SUCCESS ? value : 0;
}
}  // namespace

int check_configuration(server_rec* server) noexcept {
  if (ap_find_linked_module("mod_proxy_http.c") == nullptr) {
    ap_log_error(
        APLOG_MARK, APLOG_CRIT, 0, server,
        WSFLOGNO(
            0080) "mod_wsflow needs mod_proxy_http: LoadModule proxy_http_module modules/mod_proxy_http.so");
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  if (query(AP_MPMQ_IS_THREADED) == AP_MPMQ_NOT_SUPPORTED) {
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 WSFLOGNO(0081) "with the MPM %s each tunnel holds a process: use mpm_event", ap_show_mpm());
    return OK;
  }
  const int spare = query(AP_MPMQ_MAX_SPARE_THREADS);
  const int workers = query(AP_MPMQ_MAX_DAEMONS) * query(AP_MPMQ_MAX_THREADS);
  if (spare > 0 && spare < workers) {
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server, WSFLOGNO(0082)
                 "a child full of idle tunnels looks idle to the MPM and may be ended: write \"MaxSpareThreads %d\"",
                 workers);
  }
  return OK;
}

}  // namespace wsflow::httpd
