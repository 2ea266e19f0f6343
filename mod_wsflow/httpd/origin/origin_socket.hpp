#pragma once

#include <span>

#include "mod_wsflow/config/tunnel_settings.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/config/handshake_config.hpp"
#include "mod_wsflow/httpd/request/refusal.hpp"

namespace wsflow::httpd {

// Options of the socket to an origin. The source addresses live in pconf.
struct SocketOptions {
  apr_interval_time_t connect;               // for all addresses of the origin together; 0: no bound
  apr_int32_t receive_buffer;                // bytes; 0: the system's
  apr_int32_t send_buffer;                   // bytes; 0: the system's
  std::span<apr_sockaddr_t* const> sources;  // empty: any address
};
// mod_proxy's connectiontimeout= wins over our connect=. Its receivebuffersize= and ProxySourceAddress count
// where our settings say nothing.
SocketOptions socket_options(const config::TunnelSettings& settings, const HandshakeConfig& config,
                             const proxy_worker& worker, const proxy_server_conf& conf) noexcept;

// Connects to the first address of `backend` that answers, in their order, and puts the socket into
// `backend`. Sets the state of the worker as mod_proxy does when it connects. Worker thread; waits.
Failure connect_socket(request_rec* r, proxy_conn_rec* backend, proxy_worker* worker,
                       const SocketOptions& options);

}  // namespace wsflow::httpd
