#pragma once

#include "mod_wsflow/httpd/handshake/attempt.hpp"

namespace wsflow::httpd {

// Opens a tunnel for `r` through the origin that mod_proxy has chosen. Returns the status for mod_proxy, or
// SUSPENDED: the handshake waits for its origin without a worker, and ends by itself, other members of a
// balancer included. A worker waits only where the MPM cannot wait for the connection, with a share of the
// workers. Worker thread.
int attempt(Process& process, request_rec* r, const Origin::Target& target, const TunnelConfig& tunnels,
            const TunnelEnd& end, tunnel::Admission::Lease admission);

// The status for mod_proxy of an attempt that has ended with `status`: an error behind the 101 closes the
// connection.
int end_of_attempt(request_rec* r, int status) noexcept;

}  // namespace wsflow::httpd
