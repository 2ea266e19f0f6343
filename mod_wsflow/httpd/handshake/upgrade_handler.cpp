#include "mod_wsflow/httpd/handshake/upgrade_handler.hpp"

#include <optional>
#include <string_view>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/handshake/accept_key.hpp"
#include "mod_wsflow/httpd/handshake/policy.hpp"
#include "mod_wsflow/httpd/handshake/routes.hpp"
#include "mod_wsflow/httpd/handshake/session_end.hpp"
#include "mod_wsflow/httpd/limits/hold.hpp"
#include "mod_wsflow/httpd/origin/origin_answer.hpp"
#include "mod_wsflow/httpd/origin/origin_refusal.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"
#include "mod_wsflow/httpd/request/handshake_request.hpp"
#include "mod_wsflow/httpd/tunnel/handover.hpp"
#include "mod_wsflow/httpd/tunnel/stay.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/ws/handshake.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;

std::optional<std::string_view> header(const apr_table_t* table, const char* name) noexcept {
  const char* value = apr_table_get(table, name);
  if (value == nullptr) return std::nullopt;
  return value;
}

// A field of the answer. Several of one name are joined as a list (RFC 9110 5.3), without empty ones.
std::optional<std::string_view> field(const request_rec* r, const ws::ResponseHead& head,
                                      const char* name) noexcept {
  const char* joined = nullptr;
  for (const auto& each : head.fields) {
    if (ap_cstr_casecmpn(each.name.data(), name, each.name.size()) != 0 || name[each.name.size()] != '\0')
      continue;
    if (joined != nullptr && each.value.empty()) continue;
    const char* value = apr_pstrmemdup(r->pool, each.value.data(), each.value.size());
    joined =
        joined == nullptr || *joined == '\0' ? value : apr_pstrcat(r->pool, joined, ", ", value, nullptr);
  }
  if (joined == nullptr) return std::nullopt;
  return joined;
}

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

Failure full(HandshakeRefusal reason) noexcept {
  return {.status = HTTP_SERVICE_UNAVAILABLE, .reason = reason, .retry_after = spread_retry(1, 10)};
}

int refuse_full(request_rec* r, const tunnel::Admission& admission) noexcept {
  ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, WSFLOGNO(0071)
                "handshake refused with 503: this process holds its %u tunnels already (WSFlowMaxTunnels, descriptors)",
                admission.limit());
  return refuse(r, full(HandshakeRefusal::max_tunnels));
}

// Takes a share of the worker threads for a tunnel that holds one: the rest of the site keeps enough of
// them.
Failure enter_share(Process& process, request_rec* r, WorkerShare::Lease& share) noexcept {
  if (share) return {};
  const auto* connection = r->connection->master;
  if (connection == nullptr) {
    share = process.workers.enter();
  } else {
    auto* state = state_of(connection);
    share = process.workers.enter_stream(state != nullptr ? &state->worker_tunnels : nullptr);
  }
  if (share) return {};
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, WSFLOGNO(0221)
                "handshake refused with 503: tunnels hold their share of the worker threads already (%u in this process)",
                process.workers.taken());
  return full(HandshakeRefusal::worker_share);
}

// Refuses a handshake whose tunnel would have no row: operators must be able to see and to close each
// tunnel, and limits to count it.
int refuse_unlisted(request_rec* r) noexcept {
  ap_log_rerror(
      APLOG_MARK, APLOG_WARNING, 0, r,
      WSFLOGNO(0202) "handshake refused with 503: the shared memory has no room for another tunnel");
  return refuse(r, full(HandshakeRefusal::max_tunnels));
}

// Checks the 101 as RFC 6455 4.1 tells a client to, on behalf of our client. Without check_protocol the
// client checks the sub-protocol itself.
Failure judge_switching(request_rec* r, const Origin& origin) {
  const auto& head = origin.head();
  const bool checked = config_of(r).handshakes.check_protocol.value_or(true);
  const auto verdict = ws::judge_answer(
      {.upgrade = field(r, head, "Upgrade"),
       .connection = field(r, head, "Connection"),
       .accept = field(r, head, "Sec-WebSocket-Accept"),
       .protocol = checked ? field(r, head, "Sec-WebSocket-Protocol") : std::nullopt,
       .extensions = field(r, head, "Sec-WebSocket-Extensions")},
      accept_key(apr_table_get(r->headers_in, "Sec-WebSocket-Key")).view(),
      header(r->headers_in, "Sec-WebSocket-Protocol"), header(r->headers_in, "Sec-WebSocket-Extensions"));
  if (verdict == ws::AnswerVerdict::ok) return {};
  ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, WSFLOGNO(0072) "the 101 of the origin %s is refused: %s",
                origin.name().text, ws::describe(verdict));
  return {HTTP_BAD_GATEWAY, HandshakeRefusal::origin_bad_answer};
}

Failure shake_hands(Origin& origin, char* url, const char* proxy_name, apr_port_t proxy_port, bool tls) {
  if (const auto failure = origin.connect(url, proxy_name, proxy_port, tls)) return failure;
  if (const auto failure = origin.send_handshake()) return failure;
  return origin.await_answer();
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
  const auto* scheme = scheme_of(url);
  if (r->proxyreq != PROXYREQ_REVERSE || scheme == nullptr) return DECLINED;
  const auto verdict = ws::judge_request(upgrade_of(r));
  if (verdict == ws::RequestVerdict::not_upgrade) return DECLINED;
  const bool handshake = is_handshake(r);
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
  }

  WorkerShare::Lease share;
  auto stays = reason_to_stay(*process, r);
  if (stays) {
    if (const auto failure = enter_share(*process, r, share)) return refuse(r, failure);
  }

  Origin origin(r, worker, conf, tunnels.settings);
  if (const auto failure = shake_hands(origin, url, proxy_name, proxy_port, scheme->tls))
    return refuse(r, failure);
  const auto& head = origin.head();
  if (head.status != HTTP_SWITCHING_PROTOCOLS) {
    tell_origin_refusal(*process, r, origin, head.status);
    refuse(r, {head.status, HandshakeRefusal::origin_status});
    return pass_answer(r, origin);
  }
  if (const auto failure = judge_switching(r, origin)) return refuse(r, failure);
  if (!stays) stays = origin_reason_to_stay(r, origin.connection());
  if (stays) {
    if (const auto failure = enter_share(*process, r, share)) return refuse(r, failure);
  }
  // The route may have been drained while the origin made up its mind.
  if (const auto failure = check_drained(*process, r)) return refuse(r, failure);

  const auto id = os::random64();
  note_tunnel(r, id);
  note_first_byte(r);
  Handover handover{.admission = std::move(admission),
                    .settings = tunnels.settings,
                    .lives_until = end.lifetime,
                    .session_until = end.session,
                    .id = id};
  Failure failure;
  if (!stays) {
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, WSFLOGNO(0074) "tunnel %016" APR_UINT64_T_HEX_FMT " to %s",
                  id, origin.name().text);
    failure = hand_over(*process, r, origin, std::move(handover));
  } else {
    // The first tunnel of each reason is worth a warning, with its cure.
    const bool first = is_first(*process, stays);
    ap_log_rerror(APLOG_MARK, first ? APLOG_WARNING : APLOG_INFO, 0, r,
                  WSFLOGNO(0075) "tunnel %016" APR_UINT64_T_HEX_FMT " to %s holds this worker thread: %s", id,
                  origin.name().text,
                  first ? apr_pstrcat(r->pool, stays.why, ": ", stays.cure, nullptr) : stays.why);
    failure = run_on_worker(*process, r, origin, std::move(handover));
  }
  return failure ? refuse(r, failure) : OK;
}

}  // namespace

int upgrade_handler(request_rec* r, proxy_worker* worker, proxy_server_conf* conf, char* url,
                    const char* proxy_name, apr_port_t proxy_port) noexcept {
  const int status = guard(r->server, HTTP_INTERNAL_SERVER_ERROR,
                           [&] { return handle(child(), r, worker, conf, url, proxy_name, proxy_port); });
  if (status != HTTP_INTERNAL_SERVER_ERROR || state_of(r).refusal) return status;
  blame_no_origin(r);
  if (r->status != HTTP_SWITCHING_PROTOCOLS) return status;
  // The client has its 101: no page may follow.
  r->connection->aborted = 1;
  return DONE;
}

}  // namespace wsflow::httpd
