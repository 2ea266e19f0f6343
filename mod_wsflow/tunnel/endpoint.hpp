#pragma once

#include <cstdint>
#include <utility>

#include "mod_wsflow/os/stream.hpp"
#include "mod_wsflow/tunnel/byte_queue.hpp"

namespace wsflow::tunnel {

// One side of a tunnel: the stream to the peer and what waits to be written to it. Built on a worker, then
// used by the loop thread that owns the tunnel.
//
//   in_ended  out_ended  lost   meaning
//   no        no         no     open both ways
//   yes       no         no     the peer has sent its end of stream; what waits for it still goes out
//   no        yes        no     we have sent ours (FIN; close_notify before it); the peer may still send
//   yes       yes        no     done
//   any       any        yes    the connection is broken: nothing more comes or goes
struct Endpoint {
  Endpoint(base::UniqueFd fd, os::SslRef ssl) noexcept : stream(std::move(fd), std::move(ssl)) {}

  os::Stream stream;           // owned
  ByteQueue pending;           // waits to be written to this peer
  bool read_ready = true;      // an edge says that there may be bytes; cleared by `again`
  bool write_blocked = false;  // the last write got `again`; cleared by an edge
  bool read_paused = false;    // the other side's queue is above its high watermark
  bool rate_paused = false;    // it has sent what its terms allow for now
  bool ping_waits = false;     // a ping to it is due, and waits for the end of what is being written
  bool in_ended = false;
  bool out_ended = false;
  bool lost = false;
  // Milliseconds of the loop's clock, which may turn round.
  std::uint32_t heard_at = 0;  // its last byte
  std::uint32_t moved_at = 0;  // when it took bytes that waited, or they began to wait

  bool finished_reading() const noexcept { return in_ended || lost; }
  bool readable() const noexcept { return read_ready && !read_paused && !rate_paused && !finished_reading(); }
  bool done() const noexcept { return lost || (in_ended && out_ended); }

  // Writes `bytes` until all are gone or nothing moves, and returns how many went. Sets write_blocked or
  // lost.
  std::size_t write_through(std::span<const std::uint8_t> bytes) noexcept;
  // Writes what waits. True if nothing waits any more.
  bool flush() noexcept;
  // Sends our end of stream once; what waits is lost. Does nothing on a broken connection.
  void end_output() noexcept;
};

}  // namespace wsflow::tunnel
