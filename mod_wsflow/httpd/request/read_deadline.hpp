#pragma once

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Bounds all that is waited for on a connection until lift_deadline(): a peer that sends a byte now and then
// would start a mere socket time-out anew each time. Worker thread.
struct ReadDeadline {
  apr_socket_t* socket;  // borrowed
  base::Instant at;
  apr_interval_time_t left() const noexcept { return apr_time_from_msec((at - base::now()).count()); }
};

// Makes the filter of this file known to httpd.
void register_read_deadline() noexcept;
void set_deadline(conn_rec* c, ReadDeadline& deadline) noexcept;
void lift_deadline(conn_rec* c) noexcept;

}  // namespace wsflow::httpd
