#pragma once

#include <string>
#include <string_view>

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
struct Deadline {
  apr_socket_t* socket;  // borrowed
  apr_time_t at;
  apr_interval_time_t left() const noexcept { return at - apr_time_now(); }
};
void set_deadline(conn_rec* c, Deadline& deadline) noexcept;
void lift_deadline(conn_rec* c) noexcept;

// Puts bytes in front of whatever is read from the connection next.
void replay_input(conn_rec* c, std::string_view bytes) noexcept;

}  // namespace wsflow::httpd
