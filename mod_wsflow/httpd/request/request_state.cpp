#include "mod_wsflow/httpd/request/request_state.hpp"

#include <cstring>
#include <new>

namespace wsflow::httpd {

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
  // DirectoryIndex and FallbackResource give the request the result of a subrequest, and call no hook of
  // ours.
  if (state.route == nullptr && state.looked_up != nullptr && std::strcmp(state.looked_up_path, r->uri) == 0)
    state.route = state.looked_up;
  return state.route != nullptr || config_of(r).enabled.value_or(false);
}

TunnelConfig tunnel_config_of(request_rec* r) noexcept {
  const auto& tunnels = config_of(r).tunnels;
  const auto* route = state_of(r).route;
  return complete(route != nullptr ? overlay(route->tunnels, tunnels) : tunnels);
}

}  // namespace wsflow::httpd
