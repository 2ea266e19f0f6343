#include "mod_wsflow/httpd/handshake/upgrade_handler.hpp"

#include <string_view>
#include <utility>

#include "mod_wsflow/httpd/balancing/lbmethod.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/handshake/parked_attempt.hpp"
#include "mod_wsflow/httpd/handshake/policy.hpp"
#include "mod_wsflow/httpd/handshake/routes.hpp"
#include "mod_wsflow/httpd/handshake/session_end.hpp"
#include "mod_wsflow/httpd/passing/arrival.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/handshake_request.hpp"
#include "mod_wsflow/ws/handshake.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;

Failure failure_of(ws::RequestVerdict verdict) noexcept {
  switch (verdict) {
    case ws::RequestVerdict::bad_method: return {HTTP_BAD_REQUEST, HandshakeRefusal::bad_method};
    case ws::RequestVerdict::bad_http_version: return {HTTP_BAD_REQUEST, HandshakeRefusal::bad_http_version};
    case ws::RequestVerdict::bad_connection: return {HTTP_BAD_REQUEST, HandshakeRefusal::bad_connection};
    case ws::RequestVerdict::bad_key: return {HTTP_BAD_REQUEST, HandshakeRefusal::bad_key};
    case ws::RequestVerdict::bad_version: return {HTTP_UPGRADE_REQUIRED, HandshakeRefusal::bad_version};
    case ws::RequestVerdict::has_body: return {HTTP_BAD_REQUEST, HandshakeRefusal::has_body};
    case ws::RequestVerdict::ok:
    case ws::RequestVerdict::not_upgrade: break;
  }
  return {};
}

int refuse_request(request_rec* r, ws::RequestVerdict verdict) noexcept {
  auto failure = failure_of(verdict);
  failure.sentence = ws::describe(verdict);
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, WSFLOGNO(0070) "handshake refused with %d: %s", failure.status,
                ws::describe(verdict));
  return refuse(r, failure);
}

int refuse_full(request_rec* r, const tunnel::Admission& admission) noexcept {
  ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, WSFLOGNO(0071)
                "handshake refused with 503: this process holds its %u tunnels already (WSFlowMaxTunnels, descriptors)",
                admission.limit());
  return refuse(r, no_room(HandshakeRefusal::max_tunnels));
}

// Refuses a handshake whose tunnel would have no row: operators must be able to see and to close each
// tunnel, and limits to count it.
int refuse_unlisted(request_rec* r) noexcept {
  ap_log_rerror(
      APLOG_MARK, APLOG_WARNING, 0, r,
      WSFLOGNO(0202) "handshake refused with 503: the shared memory has no room for another tunnel");
  return refuse(r, no_room(HandshakeRefusal::max_tunnels));
}

struct Scheme {
  std::string_view name;
  bool tls;
  bool websocket;  // a wrong handshake is refused with its reason
};
constexpr Scheme kSchemes[] = {
    {"ws://", false, true}, {"wss://", true, true}, {"http://", false, false}, {"https://", true, false}};

const Scheme* scheme_of(const char* url) noexcept {
  for (const auto& scheme : kSchemes) {
    if (ap_cstr_casecmpn(url, scheme.name.data(), scheme.name.size()) == 0) return &scheme;
  }
  return nullptr;
}

// Leaves the request to mod_proxy_http as an ordinary one. With `upgrade=` mod_proxy_http would pass the
// field on, and make a tunnel of whatever the origin answers.
int leave_to_http(request_rec* r) {
  ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                WSFLOGNO(0250) "no handshake, though Upgrade says so: served as an ordinary request");
  forget_upgrade(r);
  return DECLINED;
}

int handle(Process* process, request_rec* r, proxy_worker* worker, proxy_server_conf* conf, char* url,
           const char* proxy_name, apr_port_t proxy_port) {
  if (process != nullptr) count_request(*process, r, worker);
  const auto* scheme = scheme_of(url);
  if (r->proxyreq != PROXYREQ_REVERSE || scheme == nullptr) return DECLINED;
  const auto upgrade = upgrade_of(r);
  const auto verdict = ws::judge_request(upgrade);
  if (verdict == ws::RequestVerdict::not_upgrade) return DECLINED;
  const bool handshake = is_handshake(r, upgrade);
  const bool would_pass = scheme->websocket || *worker->s->upgrade != '\0';  // mod_proxy passes Upgrade on
  if (!handshake && would_pass) note_late_route(r);
  if (!takes_upgrades(r)) return DECLINED;
  const bool for_sockets = scheme->websocket && asks_for_itself(r) && worker->balancer == nullptr;
  if (!handshake && !for_sockets) return leave_to_http(r);
  if (verdict != ws::RequestVerdict::ok) return refuse_request(r, verdict);

  if (const auto failure = apply_policy(process, r, config_of(r).handshakes)) return refuse(r, failure);

  if (process != nullptr) {
    if (const auto failure = check_drained(*process, r)) return refuse(r, failure);
  }

  const auto tunnels = tunnel_config_of(r);
  const auto end = find_end(r, tunnels);
  if (end.failure) return refuse(r, end.failure);

  if (process == nullptr || !process->rows.has_room()) return refuse_unlisted(r);
  tunnel::Admission::Lease admission;
  if (process->engine) {
    admission = process->engine->admission().enter();
    if (!admission) return refuse_full(r, process->engine->admission());
    settle_arrival(r->connection);
  }

  const Origin::Target target{.worker = worker,
                              .conf = conf,
                              .url = url,
                              .proxy_name = proxy_name,
                              .proxy_port = proxy_port,
                              .tls = scheme->tls};
  return attempt(*process, r, target, tunnels, end, std::move(admission));
}

}  // namespace

int upgrade_handler(request_rec* r, proxy_worker* worker, proxy_server_conf* conf, char* url,
                    const char* proxy_name, apr_port_t proxy_port) noexcept {
  const int status = guard(r->server, HTTP_INTERNAL_SERVER_ERROR,
                           [&] { return handle(child(), r, worker, conf, url, proxy_name, proxy_port); });
  return end_of_attempt(r, status);
}

}  // namespace wsflow::httpd
