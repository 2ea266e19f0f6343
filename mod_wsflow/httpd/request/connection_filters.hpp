#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

void register_connection_filters() noexcept;

// The name of a connection filter that we do not know, so that its connection must stay with httpd; nullptr
// if there is none. Worker thread, like all below.
const char* foreign_filter(const conn_rec* c) noexcept;

// Takes out of httpd's input filters every byte that was read from the network, and reads no more: what
// arrives from now on stays in the socket. With TLS, what is decrypted is returned and the rest is inside the
// SSL object.
std::string drain_input(conn_rec* c);

// Bounds all that is waited for on a connection until lift_deadline: a peer that sends a byte now and then
// would start a mere socket time-out anew each time.
struct ReadDeadline {
  apr_socket_t* socket;  // borrowed
  base::Instant at;
  apr_interval_time_t left() const noexcept { return apr_time_from_msec((at - base::now()).count()); }
};
void set_deadline(conn_rec* c, ReadDeadline& deadline) noexcept;
void lift_deadline(conn_rec* c) noexcept;

// `arrived` becomes true when bytes have come from below the TLS filter. It is borrowed until end_arrivals().
void watch_arrivals(conn_rec* c, bool& arrived) noexcept;
void end_arrivals(conn_rec* c) noexcept;
// Reads without waiting, past TLS records that are no data: mod_ssl says "again" behind each of them, though
// what stands behind it has left the socket already. A success without bytes: there may be more of them.
apr_status_t read_past_records(conn_rec* c, bool& arrived, apr_bucket_brigade* into,
                               apr_off_t wanted) noexcept;

// Puts bytes in front of whatever is read from the connection next.
void replay_input(conn_rec* c, std::string_view bytes) noexcept;

}  // namespace wsflow::httpd
