#pragma once

#include <atomic>
#include <memory>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/request/origin_session.hpp"
#include "mod_wsflow/os/tls.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"

namespace wsflow::httpd {

struct Arrival;
class ParkedRequest;
struct Process;

// Our state of an httpd connection, in the connection's pool. Only the thread that has the connection touches
// a field, unless the field says otherwise.
struct ConnectionState {
  Process& process;    // borrowed; outlives every connection
  SSL* ssl = nullptr;  // borrowed from mod_ssl; nullptr: plain
  // The tunnel that starts once httpd has let go of this connection; owned. Its client stream is not adopted
  // yet.
  tunnel::Tunnel* handed_over = nullptr;
  SSL* handed_ssl = nullptr;        // of the client; referenced by the tunnel
  bool received_shutdown = false;   // the client's close_notify has been read
  ParkedRequest* parked = nullptr;  // the request that waits; in its own pool
  Arrival* arrival = nullptr;       // of a connection that is or was expected; set when it begins
  // The number of streams of this HTTP/2 connection that are tunnels. Their threads touch it, too.
  std::atomic<unsigned> worker_tunnels{0};
  OriginSession session{};  // of a connection to an origin
  bool processing = false;  // our process_connection() is at work: requests can be parked
};

// The state of a connection; nullptr: made before the module was active.
ConnectionState* state_of(const conn_rec* c) noexcept;

// Hook ahead of all others: makes the state and registers its cleanup first, so that it runs last in the
// connection's pool, behind mod_ssl's and all others.
int pre_connection(conn_rec* c, void* socket) noexcept;
// Hook of the end of a connection, ahead of its shutdown: httpd only closes its descriptor of a client that
// has been handed over. A shutdown would reach the socket, which the tunnel has now. The request has been
// logged by then.
int leave_client(conn_rec* c) noexcept;
// Hook of mod_ssl: notes the SSL object that mod_ssl has made for a connection.
int ssl_pre_handshake(conn_rec* c, SSL* ssl, int is_proxy) noexcept;

}  // namespace wsflow::httpd
