#pragma once

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Bounds all waiting on a connection until lift_deadline(). A socket time-out alone would start anew with
// each byte of a slow peer. Worker thread.
struct ReadDeadline {
  apr_socket_t* socket;  // borrowed
  base::Instant at;
  bool dry = false;  // the last read that did not block has found the socket empty
  apr_interval_time_t left() const noexcept { return apr_time_from_msec((at - base::now()).count()); }
};

// Registers the filter of this file with httpd.
void register_read_deadline() noexcept;
void set_deadline(conn_rec* c, ReadDeadline& deadline) noexcept;
void lift_deadline(conn_rec* c) noexcept;

}  // namespace wsflow::httpd
