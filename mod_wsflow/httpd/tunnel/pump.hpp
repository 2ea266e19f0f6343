#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/tunnel/receipts.hpp"
#include "mod_wsflow/os/poll_set.hpp"

namespace wsflow::httpd {

// Moves bytes between a connection that cannot leave httpd and a tunnel, which has the other end of a socket
// pair instead of the connection. Reads and writes the connection through its filters, and never waits. The
// worker thread that runs the tunnel.
class Pump {
 public:
  explicit Pump(conn_rec* c) noexcept;
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  // Makes the pair, and returns the tunnel's end; empty, with errno set, if the kernel gives no descriptors.
  // Call once.
  base::UniqueFd open();

  // httpd closes the sockets of its workers when it stops, before it tells anybody. hold() takes a second
  // descriptor of the socket if the kernel gives one; stay_open() goes on with that descriptor when httpd
  // has closed the first.
  void hold() noexcept;
  void stay_open() noexcept;

  // take_in() moves bytes from the connection to the tunnel, give_out() moves them back: until nothing
  // moves, or a turn's share has moved.
  void take_in();
  void give_out(base::Instant now) noexcept;
  // Adds the events that the pump waits for.
  void add_to(os::PollSet& set) const noexcept;
  // The longest wait for these events: mod_http2 does not tell when it has taken bytes.
  std::chrono::microseconds patience() const noexcept;

  // Asks the kernel whether the peer's system has confirmed bytes, which then count as moved. Called every
  // second, and before a peer is judged.
  void look_at_line(base::Instant now) noexcept;
  // True if bytes wait for the peer.
  bool blocked() const noexcept { return blocked_ && !lost_; }
  // True if bytes are on their way, and some were confirmed lately.
  bool line_moves(base::Instant now) const noexcept {
    return on_their_way_ && !lost_ && now < confirmed_at_ + kLately;
  }
  // The time when bytes moved last, or began to wait.
  base::Instant moved_at() const noexcept { return moved_at_; }

  // True for a stream of HTTP/2, which ends only with its request.
  bool is_stream() const noexcept { return c_->master != nullptr; }
  // True if the peer has ended its stream.
  bool input_over() const noexcept { return in_over_; }
  // True if the tunnel's end of stream has been passed on, or can never be.
  bool output_over() const noexcept { return out_over_ || lost_; }
  // True if the connection is broken or given up.
  bool lost() const noexcept { return lost_; }

  // Ends reading: the tunnel sees the end of the peer's stream.
  void end_input() noexcept;
  // Ends both directions: the tunnel sees its end of the pair break.
  void detach() noexcept;
  // Gives the peer up: its connection is closed with a reset.
  void give_up() noexcept;

 private:
  static constexpr std::size_t kChunk = 32UL * 1024;
  static constexpr unsigned kChunksATurn = 8;
  static constexpr base::Millis kLately{2000};

  bool push_in() noexcept;
  bool read_in();
  void pass(std::size_t size) noexcept;
  bool unblock(base::Instant now) noexcept;

  conn_rec* c_;      // borrowed
  int polled_ = -1;  // the descriptor that tells of input; borrowed from httpd
  int line_ = -1;    // the TCP connection's, which all streams of HTTP/2 share; borrowed from httpd
  apr_socket_t* socket_ = nullptr;  // borrowed; nullptr: a stream
  Receipts* receipts_ = nullptr;    // in the connection's pool; nullptr: no stream
  apr_bucket_brigade* in_bytes_;    // in the connection's pool
  apr_bucket_brigade* out_bytes_;
  base::UniqueFd end_;                      // owned; our end of the pair
  base::UniqueFd held_;                     // owned; second descriptor of socket_; empty: not asked for
  std::string waiting_in_;                  // read, but not yet in the pair
  std::unique_ptr<std::uint8_t[]> buffer_;  // owned; kChunk
  base::Instant moved_at_ = base::now();
  std::uint64_t confirmed_ = 0;   // bytes that the peer's system has confirmed in all
  base::Instant confirmed_at_{};  // time of the last change of confirmed_
  unsigned looks_ = 0;            // looks for receipts since bytes moved last
  bool on_their_way_ = false;
  bool arrived_ = false;  // the connection has given bytes, be they data or not
  bool blocked_ = false;
  bool more_in_ = false;  // the share of a turn was moved
  bool more_out_ = false;
  bool in_over_ = false;
  bool in_told_ = false;  // the tunnel knows of in_over_
  bool out_over_ = false;
  bool lost_ = false;
};

}  // namespace wsflow::httpd
