#include "mod_wsflow/httpd/request/request_state.hpp"

#include <cstring>
#include <new>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/handshake_request.hpp"
#include "mod_wsflow/shm/labels.hpp"

namespace wsflow::httpd {

using base::HandshakeRefusal;

RequestState& state_of(request_rec* r) noexcept {
  auto* state = static_cast<RequestState*>(ap_get_module_config(r->request_config, &wsflow_module));
  if (state == nullptr) {
    state = ::new (apr_palloc(r->pool, sizeof(RequestState))) RequestState;
    ap_set_module_config(r->request_config, &wsflow_module, state);
  }
  return *state;
}

bool takes_upgrades(request_rec* r) noexcept {
  auto& state = state_of(r);
  // DirectoryIndex and FallbackResource give it what they looked up, and run no hook of ours.
  if (state.route == nullptr && state.looked_up != nullptr && std::strcmp(state.looked_up_path, r->uri) == 0)
    state.route = state.looked_up;
  return state.route != nullptr || config_of(r).enabled == 1;
}

TunnelConfig tunnel_config_of(request_rec* r) noexcept {
  const auto tunnels = overlay(config_of(r).tunnels, {.settings = config::kDefaultSettings});
  const auto* route = state_of(r).route;
  return route != nullptr ? overlay(route->tunnels, tunnels) : tunnels;
}

void blame_no_origin(request_rec* r) noexcept {
  // mod_proxy's own sign that a status does not come from trouble with the origin (mod_proxy.c,
  // proxy_handler).
  apr_table_setn(r->notes, "proxy-error-override", "1");
}

int refuse(request_rec* r, const Failure& failure) noexcept {
  state_of(r).refusal = failure.reason;
  apr_table_setn(r->subprocess_env, "WSFLOW_REFUSED_BY", base::name(failure.reason));
  apr_table_setn(r->subprocess_env, "WSFLOW_OUTCOME", "refused");
  apr_table_unset(r->subprocess_env, "WSFLOW_ID");
  if (failure.reason == HandshakeRefusal::max_tunnels || failure.reason == HandshakeRefusal::worker_share ||
      failure.reason == HandshakeRefusal::route_drained || failure.reason == HandshakeRefusal::internal)
    blame_no_origin(r);
  return failure.status;
}

void count_refusal(request_rec* r, base::HandshakeRefusal reason) noexcept {
  auto* process = child();
  if (process == nullptr) return;
  process->recorder.refused(reason);
  const auto* route = state_of(r).route;
  const auto* host = r->server->server_hostname;
  const shm::LabelTexts texts{.server = host != nullptr ? host : "",
                              .route = route != nullptr && route->path != nullptr ? route->path : "",
                              .origin = ""};
  shm::count_refused(process->segment, shm::intern(process->segment, texts));
}

int finish_request(int* status, request_rec* r) noexcept {
  auto& state = state_of(r);
  if (!state.refusal && *status == HTTP_SERVICE_UNAVAILABLE && opens_tunnel(r)) {
    // No member of the balancer was usable: we were not asked.
    refuse(r, {*status, HandshakeRefusal::origin_unavailable});
  }
  if (!state.refusal) return DECLINED;
  count_refusal(r, *state.refusal);
  if (*state.refusal == HandshakeRefusal::origin_connect && *status == HTTP_SERVICE_UNAVAILABLE) {
    *status = HTTP_BAD_GATEWAY;
  }
  return OK;
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

void explain(request_rec* r, const char* sentence) noexcept {
  apr_table_setn(r->notes, "error-notes", sentence);
  apr_table_setn(r->notes, "verbose-error-to", "*");
}

}  // namespace wsflow::httpd
