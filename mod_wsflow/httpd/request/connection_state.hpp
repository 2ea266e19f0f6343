#pragma once

#include <atomic>
#include <memory>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/os/tls.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"

namespace wsflow::httpd {

struct ParkedRequest;
struct Process;

// What we know of a connection of httpd, in its pool. Only the thread that has the connection touches it,
// where nothing else is said.
struct ConnectionState {
  Process& process;    // borrowed; outlives every connection
  SSL* ssl = nullptr;  // borrowed from mod_ssl; none: plain
  // A tunnel that starts when httpd has let go of this connection; owned. Its client stream is not adopted
  // yet.
  tunnel::Tunnel* handed_over = nullptr;
  SSL* handed_ssl = nullptr;        // the client's, referenced by the tunnel
  bool received_shutdown = false;   // the client's close_notify has been read
  ParkedRequest* parked = nullptr;  // a request that waits for a permit; in its own pool
  // Streams of this HTTP/2 connection that are tunnels. Their threads, too.
  std::atomic<unsigned> worker_tunnels{0};
  bool processing = false;  // our process_connection() is at work: requests can be parked
};

// The state of a connection, or nullptr if it was made before the module was active.
ConnectionState* state_of(const conn_rec* c) noexcept;

// Hook ahead of all others: makes the state, and sees to it that its cleanup is the last of the connection's
// pool, behind mod_ssl's and everybody else's.
int pre_connection(conn_rec* c, void* socket) noexcept;
// mod_ssl tells of the SSL object that it has made for a connection.
int ssl_pre_handshake(conn_rec* c, SSL* ssl, int is_proxy) noexcept;

}  // namespace wsflow::httpd
