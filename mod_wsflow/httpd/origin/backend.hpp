#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// A connection to an origin that mod_proxy's pool does not know: it takes no place of those that other
// requests wait for, and is made for one handshake. What mod_proxy's public functions use of it is filled in
// by hand. `pool`: of its request; nullptr: the connection gets an allocator of its own, as its TLS handshake
// may run on another thread than its request.
proxy_conn_rec* make_backend(proxy_worker* worker, apr_pool_t* pool) noexcept;
// Ends the connection and everything in it. The thread that has its request.
void free_backend(proxy_conn_rec* backend) noexcept;

// Splits `url` into `uri` and the path for the request line, and fills in the name, port and Unix socket that
// `backend` is to reach: as ap_proxy_determine_connection(), which looks names up on its thread, does for a
// connection without ProxyRemote. Returns OK or a status.
int aim(request_rec* r, proxy_conn_rec* backend, char* url, apr_uri_t& uri, char*& path) noexcept;
// The end of aim(), once the addresses are known: ProxyBlock, and the name for TLS.
int check_aim(request_rec* r, proxy_server_conf* conf, proxy_conn_rec* backend,
              const apr_uri_t& uri) noexcept;
// ":port" for Via, empty for a default port; as mod_proxy writes it.
void write_via_port(request_rec* r, char* into, std::size_t size) noexcept;

// False if mod_proxy holds the worker for unusable and it is not time to try it again, as
// ap_proxy_acquire_connection() judges.
bool is_usable(proxy_worker* worker, server_rec* server) noexcept;

}  // namespace wsflow::httpd
