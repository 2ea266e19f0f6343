#include "mod_wsflow/httpd/request/connection_state.hpp"

#include <new>

#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/os/tsan_handoff.hpp"

namespace wsflow::httpd {

namespace {

void start_tunnel(ConnectionState& state) noexcept {
  auto& process = state.process;
  // OpenSSL may be gone at the end of a process. The tunnel is left to the kernel, which closes its sockets.
  if (state.handed_over == nullptr || process.ending) return;
  std::unique_ptr<tunnel::Tunnel> tunnel(std::exchange(state.handed_over, nullptr));
  if (state.handed_ssl != nullptr) os::adopt(state.handed_ssl, state.received_shutdown);
  guard(nullptr, false, [&] { return process.engine->adopt(tunnel); });
}

// Starts the tunnel: httpd has let go of the connection, so its sockets never have two owners.
apr_status_t end_connection(void* connection) noexcept {
  auto& c = *static_cast<conn_rec*>(connection);
  start_tunnel(*state_of(&c));
  end_session(*state_of(&c));
  os::leave(c.pool);  // httpd gives the pool to other threads
  return APR_SUCCESS;
}

}  // namespace

ConnectionState* state_of(const conn_rec* c) noexcept {
  return static_cast<ConnectionState*>(ap_get_module_config(c->conn_config, &wsflow_module));
}

int pre_connection(conn_rec* c, void*) noexcept {
  auto* process = child();
  if (process == nullptr) return DECLINED;
  os::take(c->pool);
  auto* state = ::new (apr_palloc(c->pool, sizeof(ConnectionState))) ConnectionState{.process = *process};
  ap_set_module_config(c->conn_config, &wsflow_module, state);
  apr_pool_cleanup_register(c->pool, c, end_connection, apr_pool_cleanup_null);
  return DECLINED;
}

int leave_client(conn_rec* c) noexcept {
  const auto* state = state_of(c);
  if (state == nullptr || state->handed_over == nullptr) return OK;
  // mod_ssl frees what it has of the client when the connection is flushed, which nobody does to an aborted
  // one.
  if (state->ssl != nullptr) ap_flush_conn(c);
  c->aborted = 1;
  return OK;
}

int ssl_pre_handshake(conn_rec* c, SSL* ssl, int) noexcept {
  if (auto* state = state_of(c)) state->ssl = ssl;
  return OK;
}

}  // namespace wsflow::httpd
