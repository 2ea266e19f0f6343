#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// A new connection that counts as expected (shm/child_room.hpp) until its first request is known.
struct Arrival;

// Hook ahead of all others: passes a new connection on to a sibling if this child has no room for its tunnel
// and the sibling has; else makes its state (request/connection_state). A connection is passed on once at
// most.
int arrive(conn_rec* c, void* socket) noexcept;
// Accept function of the passed listener: the next connection that has come from a sibling.
apr_status_t accept_passed_connection(void** socket, ap_listen_rec* listener, apr_pool_t* pool) noexcept;

// Hook: an ordinary request needs no room; a handshake that gets no tunnel, none from its end on.
int settle_ordinary(request_rec* r) noexcept;
// The handshake on this connection has its place among the tunnels.
void settle_arrival(const conn_rec* c) noexcept;

}  // namespace wsflow::httpd
