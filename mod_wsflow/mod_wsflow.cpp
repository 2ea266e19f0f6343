// The module record, and the function of each hook of httpd.

#include "mod_wsflow/directives.hpp"
#include "mod_wsflow/httpd/balancing/lbmethod.hpp"
#include "mod_wsflow/httpd/checks/start_checks.hpp"
#include "mod_wsflow/httpd/checks/status_check.hpp"
#include "mod_wsflow/httpd/config/presence_directives.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/config/tunnel_log.hpp"
#include "mod_wsflow/httpd/dump/capacity_facts.hpp"
#include "mod_wsflow/httpd/dump/config_dump.hpp"
#include "mod_wsflow/httpd/handshake/attempt_end.hpp"
#include "mod_wsflow/httpd/handshake/routes.hpp"
#include "mod_wsflow/httpd/handshake/upgrade_handler.hpp"
#include "mod_wsflow/httpd/housekeeping/origin_load.hpp"
#include "mod_wsflow/httpd/lifecycle/child.hpp"
#include "mod_wsflow/httpd/lifecycle/parent.hpp"
#include "mod_wsflow/httpd/limits/first_byte.hpp"
#include "mod_wsflow/httpd/limits/gate.hpp"
#include "mod_wsflow/httpd/limits/last_byte.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/httpd/origin/read_deadline.hpp"
#include "mod_wsflow/httpd/passing/arrival.hpp"
#include "mod_wsflow/httpd/passing/passed_listener.hpp"
#include "mod_wsflow/httpd/process/handshake_room.hpp"
#include "mod_wsflow/httpd/process/log_relay.hpp"
#include "mod_wsflow/httpd/process/retained_wakeups.hpp"
#include "mod_wsflow/httpd/process/shared_segment.hpp"
#include "mod_wsflow/httpd/process/tunnel_room.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"
#include "mod_wsflow/httpd/request/held_input.hpp"
#include "mod_wsflow/httpd/request/origin_session.hpp"
#include "mod_wsflow/httpd/request/parked_request.hpp"
#include "mod_wsflow/httpd/request/refusal.hpp"
#include "mod_wsflow/httpd/request/sent_fields.hpp"
#include "mod_wsflow/httpd/request/tls_records.hpp"
#include "mod_wsflow/httpd/status/status_handler.hpp"

// mod_ssl declares these hooks in a header that distributions do not ship.
using ssl_HOOK_pre_handshake_t = int(conn_rec* c, SSL* ssl, int is_proxy);
using ssl_HOOK_proxy_post_handshake_t = int(conn_rec* c, SSL* ssl);

namespace {

using namespace wsflow;
using namespace wsflow::httpd;

// Checks the configuration. Runs for `configtest` too, which ends before post_config. A start reads the
// configuration twice: one check is enough.
int check_config(apr_pool_t*, apr_pool_t*, apr_pool_t*, server_rec* server) noexcept {
  const bool test = ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST;
  if (!test && ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) return OK;
  return check_configuration(server);
}

int post_config(apr_pool_t* pconf, apr_pool_t*, apr_pool_t*, server_rec* server) noexcept {
  if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) return OK;
  // A running server must not end for that: its children refuse what they cannot serve.
  if (open_segment(server) != APR_SUCCESS && is_first_start()) return HTTP_INTERNAL_SERVER_ERROR;
  LogRelay::open();  // the parent makes it, and all children share it
  open_wakeups();
  config_of(server).cold_start = ap_unixd_mpm_get_retained_data()->was_graceful == 0;
  watch_end_of_generation(pconf, server);
  adopt_keepers(server);
  tell_tunnel_room(server);
  note_async_connections(server);
  tell_handshake_room(server);
  note_capacity(server);
  return OK;
}

// Runs behind mod_proxy_balancer's post_config, which makes the shared memory of the members.
int late_post_config(apr_pool_t* pconf, apr_pool_t*, apr_pool_t*, server_rec* server) noexcept {
  if (auto* layout = segment(); layout != nullptr) open_origin_load(pconf, server, *layout);
  return OK;
}

int show_status(request_rec* r) noexcept {
  return status_handler(r, directive_texts());
}

void register_hooks(apr_pool_t* pool) noexcept {
  static constexpr const char* kOtherProxies[] = {"mod_proxy_http.c", "mod_proxy_wstunnel.c", nullptr};
  static constexpr const char* kProxy[] = {"mod_proxy.c", nullptr};
  static constexpr const char* kHeaders[] = {"mod_headers.c", nullptr};
  static constexpr const char* kSsl[] = {"mod_ssl.c", nullptr};
  static constexpr const char* kEventMpm[] = {"event.c", nullptr};

  register_held_input();
  register_read_deadline();
  register_tls_records();
  register_first_byte();
  register_last_byte();
  register_lbmethod(pool);
  ap_hook_check_config(check_config, nullptr, nullptr, APR_HOOK_LAST);  // behind the MPM's
  ap_hook_test_config(dump_configuration, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_open_logs(count_passed_listener, nullptr, kEventMpm, APR_HOOK_REALLY_FIRST);
  ap_hook_open_logs(uncount_passed_listener, kEventMpm, nullptr, APR_HOOK_FIRST);
  ap_hook_open_logs(open_tunnel_logs, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_open_logs(open_presence_events, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_post_config(post_config, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_post_config(late_post_config, nullptr, nullptr, APR_HOOK_LAST);
  // Ahead of all others: our part of a child then ends behind the threads of all other modules.
  ap_hook_child_init(child_init, nullptr, nullptr, APR_HOOK_REALLY_FIRST);
  ap_hook_child_stopping(child_stopping, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_child_status(child_status, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_pre_connection(arrive, nullptr, kSsl, APR_HOOK_REALLY_FIRST);
  ap_hook_pre_translate_name(pre_translate_name, nullptr, kProxy, APR_HOOK_FIRST);
  ap_hook_translate_name(translate_name, nullptr, kProxy, APR_HOOK_FIRST);
  ap_hook_process_connection(process_connection, nullptr, nullptr, APR_HOOK_REALLY_FIRST);
  ap_hook_pre_close_connection(pre_close_connection, nullptr, nullptr, APR_HOOK_REALLY_FIRST);
  ap_hook_pre_close_connection(leave_client, nullptr, nullptr, APR_HOOK_REALLY_LAST);
  ap_hook_post_read_request(settle_ordinary, nullptr, nullptr, APR_HOOK_REALLY_FIRST);
  ap_hook_post_read_request(before_early_headers, nullptr, kHeaders, APR_HOOK_FIRST);
  ap_hook_post_read_request(behind_early_headers, kHeaders, nullptr, APR_HOOK_FIRST);
  ap_hook_fixups(before_headers, nullptr, kHeaders, APR_HOOK_LAST);
  ap_hook_fixups(tell_hidden_status, nullptr, nullptr, APR_HOOK_LAST);
  ap_hook_handler(limit_gate, nullptr, nullptr, APR_HOOK_REALLY_FIRST);
  ap_hook_handler(show_status, nullptr, nullptr, APR_HOOK_MIDDLE);
  proxy_hook_pre_request(note_balancer_url, nullptr, nullptr, APR_HOOK_REALLY_FIRST);
  proxy_hook_scheme_handler(upgrade_handler, nullptr, kOtherProxies, APR_HOOK_REALLY_FIRST);
  APR_OPTIONAL_HOOK(proxy, request_status, finish_request, nullptr, nullptr, APR_HOOK_MIDDLE);
  APR_OPTIONAL_HOOK(ssl, pre_handshake, ssl_pre_handshake, nullptr, nullptr, APR_HOOK_MIDDLE);
  APR_OPTIONAL_HOOK(ssl, proxy_post_handshake, ssl_proxy_post_handshake, nullptr, nullptr, APR_HOOK_MIDDLE);
  APR_OPTIONAL_HOOK(ap, status_hook, server_status, nullptr, nullptr, APR_HOOK_MIDDLE);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {
AP_DECLARE_MODULE(wsflow) = {
    STANDARD20_MODULE_STUFF, create_dir_config,
    merge_dir_config,        create_server_config,
    merge_server_config,     reinterpret_cast<const command_rec*>(&kCommands),
    register_hooks,          0,
};
}
#pragma GCC visibility pop
