#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/metrics/recorder.hpp"
#include "mod_wsflow/tunnel/observer.hpp"

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

class WorkerRow;

// Watches all that is read from a connection; lives on the stack of the worker that runs the tunnel.
struct Watch {
  tunnel::Observer observer;
  metrics::Recorder& recorder;  // borrowed from the child
  bool fail_at_end =
      false;           // report the end of the stream as a failure, which ends mod_proxy's tunnel at once
  bool ended = false;  // the end of the stream was seen
  WorkerRow* row = nullptr;           // borrowed: looked after while much is read
  apr_time_t until = kNever;          // from then on nothing passes, and the tunnel ends
  apr_time_t heard = apr_time_now();  // when something came last
  static constexpr apr_time_t kNever = INT64_MAX;
};
void watch_input(conn_rec* c, Watch& watch) noexcept;
void end_watch(conn_rec* c) noexcept;

}  // namespace wsflow::httpd
