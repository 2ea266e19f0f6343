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

  os::Stream stream;               // owned
  ByteQueue pending;               // waits to be written to this peer
  std::uint32_t heard_at = 0;      // stamp of its last byte
  std::uint32_t moved_at = 0;      // stamp: it took waiting bytes, or bytes began to wait
  std::uint32_t taken = 0;         // os::Delivery::taken at the last look
  std::uint16_t rtt = 0;           // of the last ping to it; milliseconds + 1, 0: none
  bool read_ready : 1 = true;      // set by an edge: bytes may be there; cleared by `again`
  bool write_blocked : 1 = false;  // the last write got `again`; cleared by an edge
  bool read_paused : 1 = false;    // the other side's queue is above its high watermark
  bool in_ended : 1 = false;
  bool out_ended : 1 = false;
  bool lost : 1 = false;
  bool rate_paused : 1 = false;   // it has sent as much as its options allow for now
  bool ping_waits : 1 = false;    // a ping to it is due and waits for the end of the frame in transit
  bool write_failed : 1 = false;  // see above
  bool timed_out : 1 = false;     // the kernel has given it up: it acknowledged nothing
  bool looked : 1 = false;        // `taken` was noted since bytes began to wait
  bool cut : 1 = false;           // it gets no more bytes of the other side
  bool told : 1 = false;          // it got a Close frame of ours
  bool bulk : 1 = false;          // its last frames were large and came in large pieces: splice the next one
  std::uint8_t whole_pieces : 2 = 0;  // spliced pieces that it took at once, up to 2: it gets larger ones

  bool finished_reading() const noexcept { return in_ended || lost; }
  bool readable() const noexcept { return read_ready && !read_paused && !rate_paused && !finished_reading(); }
  bool done() const noexcept { return lost || (in_ended && out_ended); }

  // Takes the pause away. Whether there was one.
  bool resume() noexcept {
    const bool was = read_paused;
    read_paused = false;
    return was;
  }
  // Waiting bytes may go out.
  bool flushable() const noexcept { return !pending.empty() && !write_blocked; }

  // Writes `bytes` until all are gone or the kernel takes no more, and returns the number written. Sets
  // write_blocked or write_failed.
  std::size_t write_through(std::span<const std::uint8_t> bytes) noexcept;
  // Writes the bytes in `pipe` until all are gone or the kernel takes no more. Sets write_blocked or
  // write_failed.
  void write_through(os::SplicePipe& pipe) noexcept;
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
static_assert(sizeof(Endpoint) == 40, "each tunnel has two");

}  // namespace wsflow::tunnel
