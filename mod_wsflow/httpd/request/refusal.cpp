#include "mod_wsflow/httpd/request/refusal.hpp"

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/client_address.hpp"
#include "mod_wsflow/httpd/request/handshake_request.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/shm/labels.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;

// True if another member of a balancer would refuse as well.
bool is_our_own(HandshakeRefusal reason) noexcept {
  return reason == HandshakeRefusal::max_tunnels || reason == HandshakeRefusal::worker_share ||
         reason == HandshakeRefusal::max_handshakes || reason == HandshakeRefusal::route_drained ||
         reason == HandshakeRefusal::internal;
}

void write_fields(request_rec* r, const Failure& failure) noexcept {
  auto* fields = r->err_headers_out;
  if (failure.retry_after != 0)
    apr_table_setn(fields, "Retry-After", apr_psprintf(r->pool, "%u", failure.retry_after));
  if (failure.limit != nullptr) {
    apr_table_setn(fields, "Cache-Control", "no-store");
    apr_table_setn(fields, "WSFlow-Limit", failure.limit);
  }
  if (failure.status == HTTP_UPGRADE_REQUIRED && failure.reason == HandshakeRefusal::bad_version) {
    apr_table_setn(fields, "Upgrade", "websocket");
    apr_table_setn(fields, "Connection", "Upgrade");
    apr_table_setn(fields, "Sec-WebSocket-Version", "13");
  }
  if (failure.sentence == nullptr) return;
  apr_table_setn(r->notes, "error-notes", failure.sentence);
  apr_table_setn(r->notes, "verbose-error-to", "*");
}

}  // namespace

std::uint32_t spread_retry(std::uint32_t least, std::uint32_t span) noexcept {
  return least + os::random32() % span;
}

Failure no_room(base::HandshakeRefusal reason) noexcept {
  return {.status = HTTP_SERVICE_UNAVAILABLE, .reason = reason, .retry_after = spread_retry(1, 10)};
}

int refuse(request_rec* r, const Failure& failure) noexcept {
  write_fields(r, failure);
  apr_table_setn(r->subprocess_env, "WSFLOW_OUTCOME", "refused");
  if (failure.limit != nullptr) {
    // A limit refuses ahead of all handlers: mod_proxy does not run, and its hook finish_request() does not
    // count.
    apr_table_setn(r->subprocess_env, "WSFLOW_REFUSED_BY",
                   apr_pstrcat(r->pool, "limit:", failure.limit, nullptr));
    apr_table_setn(r->subprocess_env, "WSFLOW_LIMIT_REASON", limits::name(failure.limit_reason));
    return failure.status;
  }
  state_of(r).refusal = failure.reason;
  apr_table_setn(r->subprocess_env, "WSFLOW_REFUSED_BY", base::name(failure.reason));
  apr_table_unset(r->subprocess_env, "WSFLOW_ID");
  if (is_our_own(failure.reason)) blame_no_origin(r);
  return failure.status;
}

void count_refusal(Process& process, request_rec* r, HandshakeRefusal reason) noexcept {
  process.recorder.refused(reason);
  if (shm::count_refused_client(process.segment.refusals, client_address(r), reason, base::now_us()))
    process.recorder.add(metrics::kRefusedAgain);
  const auto& state = state_of(r);
  const bool of_origin = base::is_of_origin(reason) && state.origin.text != nullptr;
  const shm::LabelTexts texts{
      .server = server_name(r->server),
      .route = state.route != nullptr && state.route->path != nullptr ? state.route->path : "",
      .origin = of_origin ? state.origin.text : "",
      .of_request = of_origin && state.origin.of_request};
  shm::count_refused(process.segment, shm::intern(process.segment, texts), reason);
}

void note_tunnel(request_rec* r, std::uint64_t id) noexcept {
  state_of(r).refusal.reset();
  apr_table_unset(r->subprocess_env, "WSFLOW_REFUSED_BY");
  base::Text<16> digits;
  digits.id(id);
  apr_table_setn(r->subprocess_env, "WSFLOW_ID",
                 apr_pstrmemdup(r->pool, digits.view().data(), digits.view().size()));
  apr_table_setn(r->subprocess_env, "WSFLOW_OUTCOME", "tunnel");
}

void blame_no_origin(request_rec* r) noexcept {
  // mod_proxy's own sign for a status that the origin has not caused (mod_proxy.c, proxy_handler).
  apr_table_setn(r->notes, "proxy-error-override", "1");
}

int finish_request(int* status, request_rec* r) noexcept {
  if (*status == SUSPENDED) return DECLINED;  // it goes on behind its wait
  auto& state = state_of(r);
  if (!state.refusal && *status == HTTP_SERVICE_UNAVAILABLE && opens_tunnel(r)) {
    // No member of the balancer was usable: mod_proxy did not call this module.
    refuse(r, {.status = *status, .reason = HandshakeRefusal::origin_unavailable});
  }
  if (!state.refusal) return DECLINED;
  if (auto* process = child()) count_refusal(*process, r, *state.refusal);
  if (*state.refusal == HandshakeRefusal::origin_connect && *status == HTTP_SERVICE_UNAVAILABLE) {
    *status = HTTP_BAD_GATEWAY;
  }
  return OK;
}

}  // namespace wsflow::httpd
