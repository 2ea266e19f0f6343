#pragma once

#include <cstdint>
#include <utility>

#include "mod_wsflow/os/stream.hpp"
#include "mod_wsflow/tunnel/byte_queue.hpp"

namespace wsflow::tunnel {

// One side of a tunnel: the stream to the peer and the bytes that wait to be written to it. A worker builds
// it; then the thread that owns the tunnel uses it.
//
//   in_ended  out_ended  lost   meaning
//   no        no         no     open both ways
//   yes       no         no     the peer has sent its end of stream; bytes that wait for it still go out
//   no        yes        no     we have sent ours (FIN; close_notify before it); the peer may still send
//   yes       yes        no     done
//   any       any        yes    the connection is broken: no more bytes pass
//
// A failed write shows a broken connection, but bytes that the peer sent before can still be read: the write
// sets out_ended and write_failed, and the side is lost when it has been read to its end.
struct Endpoint {
  Endpoint(base::UniqueFd fd, os::SslRef ssl) noexcept : stream(std::move(fd), std::move(ssl)) {}

  os::Stream stream;                        // owned
  [[no_unique_address]] ByteQueue pending;  // waits to be written to this peer
  bool read_ready = true;                   // set by an edge: bytes may be there; cleared by `again`
  bool write_blocked = false;               // the last write got `again`; cleared by an edge
  bool read_paused = false;                 // the other side's queue is above its high watermark
  bool in_ended = false;
  bool out_ended = false;
  bool lost = false;
  bool rate_paused : 1 = false;   // it has sent as much as its options allow for now
  bool ping_waits : 1 = false;    // a ping to it is due and waits for the end of the frame in transit
  bool write_failed : 1 = false;  // see above
  bool timed_out : 1 = false;     // the kernel has given it up: it acknowledged nothing
  bool looked : 1 = false;        // `taken` was noted since bytes began to wait
  std::uint32_t heard_at = 0;     // stamp of its last byte
  std::uint32_t moved_at = 0;     // stamp: it took waiting bytes, or bytes began to wait
  std::uint32_t taken = 0;        // os::Delivery::taken at the last look

  bool finished_reading() const noexcept { return in_ended || lost; }
  bool readable() const noexcept { return read_ready && !read_paused && !rate_paused && !finished_reading(); }
  bool done() const noexcept { return lost || (in_ended && out_ended); }

  // Writes `bytes` until all are gone or the kernel takes no more, and returns the number written. Sets
  // write_blocked or write_failed.
  std::size_t write_through(std::span<const std::uint8_t> bytes) noexcept;
  // Writes the waiting bytes. True if none is left.
  bool flush() noexcept;
  // Notes the errno with which the connection failed.
  void note_error(int error) noexcept;
  // Notes that bytes moved or began to wait at `now`.
  void note_moved(std::uint32_t now) noexcept {
    moved_at = now;
    looked = false;
  }
  // Sends our end of stream, once, and drops the waiting bytes. On a broken connection it sends nothing.
  void end_output() noexcept;

 private:
  void note_write_failure(int error) noexcept;
};

}  // namespace wsflow::tunnel
