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
// pair in its place. The connection is read and written through its filters, and never waits. The worker
// thread that runs the tunnel.
class Pump {
 public:
  explicit Pump(conn_rec* c) noexcept;
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  // The tunnel's end of the pair; none, with errno set, if the kernel gives no descriptors. Once.
  base::UniqueFd open();

  // httpd closes the sockets of its workers when it stops, before it tells anybody. hold() takes a second
  // descriptor of this one, if there is one to be had; stay_open() goes on with it where httpd has closed the
  // first.
  void hold() noexcept;
  void stay_open() noexcept;

  // From the connection to the tunnel, and back: until nothing moves, or enough has.
  void take_in();
  void give_out(base::Instant now) noexcept;
  // What must happen before there is more to do.
  void add_to(os::PollSet& set) const noexcept;
  // How long that may be waited for: mod_http2 does not tell when it has taken something.
  std::chrono::microseconds patience() const noexcept;

  // Looks whether the peer's system confirms bytes, which counts as their moving. Every second, and before a
  // peer is judged.
  void look_at_line(base::Instant now) noexcept;
  // Bytes wait for the peer.
  bool blocked() const noexcept { return blocked_ && !lost_; }
  // Some are on their way, and lately some were confirmed.
  bool line_moves(base::Instant now) const noexcept {
    return on_their_way_ && !lost_ && now < confirmed_at_ + kLately;
  }
  // When bytes moved last, or began to wait.
  base::Instant moved_at() const noexcept { return moved_at_; }

  // It is a stream of HTTP/2: its end can only be told by the end of its request.
  bool is_stream() const noexcept { return c_->master != nullptr; }
  // The peer has ended its stream.
  bool input_over() const noexcept { return in_over_; }
  // The tunnel's end of stream has been passed on, or can never be.
  bool output_over() const noexcept { return out_over_ || lost_; }
  // The connection is broken, or given up.
  bool lost() const noexcept { return lost_; }

  // Nothing more is read: the tunnel sees the end of the peer's stream.
  void end_input() noexcept;
  // Nothing more passes: the tunnel sees its end break.
  void detach() noexcept;
  // The peer is given up: its connection is closed with a reset.
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
  int polled_ = -1;  // the descriptor that tells of input; borrowed from httpd, as the next
  int line_ = -1;    // that of the TCP connection, with HTTP/2 of the one that all streams share
  apr_socket_t* socket_ = nullptr;  // borrowed; none: it is a stream
  Receipts* receipts_ = nullptr;    // of a stream; in the connection's pool
  apr_bucket_brigade* in_bytes_;    // in the connection's pool, as the next
  apr_bucket_brigade* out_bytes_;
  base::UniqueFd end_;                      // owned; ours of the pair
  base::UniqueFd held_;                     // owned; another descriptor of socket_; none: not asked for
  std::string waiting_in_;                  // read, but not yet in the pair
  std::unique_ptr<std::uint8_t[]> buffer_;  // owned; kChunk
  base::Instant moved_at_ = base::now();
  std::uint64_t confirmed_ = 0;   // bytes, by the peer's system, in all
  base::Instant confirmed_at_{};  // when that was seen to change
  unsigned looks_ = 0;            // for receipts, since bytes have moved
  bool on_their_way_ = false;
  bool arrived_ = false;  // the connection has given bytes, be they no data
  bool blocked_ = false;
  bool more_in_ = false;  // enough was moved for a turn
  bool more_out_ = false;
  bool in_over_ = false;
  bool in_told_ = false;  // the tunnel knows of it
  bool out_over_ = false;
  bool lost_ = false;
};

}  // namespace wsflow::httpd
