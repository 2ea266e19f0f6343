#include "mod_wsflow/httpd/connection_state.hpp"

#include <new>

#include "mod_wsflow/httpd/child.hpp"
#include "mod_wsflow/httpd/guard.hpp"

namespace wsflow::httpd {

namespace {

// httpd has let go: the tunnel starts, and there was no moment with two owners.
apr_status_t start_tunnel(void* data) noexcept {
  auto& state = *static_cast<ConnectionState*>(data);
  auto& process = *child();
  // At the end of a process OpenSSL may be gone already: the tunnel is left to the kernel, which closes its
  // sockets.
  if (state.handed_over == nullptr || process.ending) return APR_SUCCESS;
  std::unique_ptr<tunnel::Tunnel> tunnel(std::exchange(state.handed_over, nullptr));
  if (state.handed_ssl != nullptr) os::adopt(state.handed_ssl, state.received_shutdown);
  return guard(nullptr, apr_status_t{APR_EGENERAL}, [&] {
    process.engine->adopt(tunnel);
    return apr_status_t{APR_SUCCESS};
  });
}

}  // namespace

ConnectionState* state_of(const conn_rec* c) noexcept {
  return static_cast<ConnectionState*>(ap_get_module_config(c->conn_config, &wsflow_module));
}

int pre_connection(conn_rec* c, void*) noexcept {
  if (child() == nullptr) return DECLINED;
  auto* state = ::new (apr_palloc(c->pool, sizeof(ConnectionState))) ConnectionState;
  ap_set_module_config(c->conn_config, &wsflow_module, state);
  apr_pool_cleanup_register(c->pool, state, start_tunnel, apr_pool_cleanup_null);
  return DECLINED;
}

int ssl_pre_handshake(conn_rec* c, SSL* ssl, int) noexcept {
  if (auto* state = state_of(c)) state->ssl = ssl;
  return OK;
}

}  // namespace wsflow::httpd
