#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/os/socket.hpp"
#include "mod_wsflow/os/tls.hpp"

namespace wsflow::os {

// One non-blocking byte stream under edge-triggered polling: a socket, plain or with TLS on it. It owns the
// descriptor and its SSL reference. Built on one thread, then used by one loop thread only.
//
// The caller tells it of each edge (note_*); in return it knows when the socket is drained and saves the
// system call that would only say EAGAIN: a short read means "drained", unless a hang-up is waiting (data and
// FIN often come in one event, and an edge is not repeated).
class Stream {
 public:
  Stream(base::UniqueFd fd, SslRef ssl) noexcept : fd_(std::move(fd)), ssl_(std::move(ssl)) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  int fd() const noexcept { return fd_.get(); }
  bool tls() const noexcept { return ssl_ != nullptr; }

  // Connects the SSL object to this stream. Pre: the stream stays at its address. False if memory is out.
  bool bind_tls(const BIO_METHOD* method) noexcept;

  void note_readable(bool hang_up) noexcept {
    drained_ = false;
    hang_up_ = hang_up_ || hang_up;
  }

  // Plain bytes. `ok` with fewer bytes than asked is not the end of what is there; only `again` is. With TLS
  // the bytes of several short records come together, and `ok` without a byte is work that was done for
  // records that carry none.
  IoResult read(std::span<std::uint8_t> into) noexcept;
  // How much work the last read was, in records of data; 1 for a plain socket.
  unsigned work() const noexcept { return work_; }
  // Whether the last read with TLS took bytes from the socket, be they a part of a record only.
  bool heard() const noexcept { return heard_; }
  // May take only a part: `ok` means "try the rest at once", `again` means "wait for a writable edge". After
  // `again` the next call must begin with the same bytes.
  IoResult write(std::span<const std::uint8_t> from) noexcept;
  // Ends our direction: close_notify if TLS, then a FIN. The peer may go on sending.
  void shutdown_write() noexcept;
  // The connection is given up: its close breaks it, and says nothing to the peer.
  void reset_on_close() noexcept { os::reset_on_close(fd_.get()); }

  // For the BIO only.
  IoResult receive_for_tls(std::span<std::uint8_t> into) noexcept;
  IoResult send_raw(std::span<const std::uint8_t> from) noexcept;
  bool raw_eof() const noexcept { return eof_; }
  // For OpenSSL's callback only: a record of so many bytes has begun, it was no data; a handshake message has
  // come, a session ticket.
  void note_record(std::size_t size) noexcept;
  void note_no_data() noexcept { record_ = 0; }
  void note_message() noexcept;
  void note_ticket() noexcept { ticket_ = true; }

 private:
  // What one read may gather: a record of the largest size is passed on alone, short ones come together until
  // this work is done.
  static constexpr std::size_t kGathered = 16UL * 1024;
  static constexpr std::uint8_t kMostWork = 64;
  // OpenSSL works longer on a handshake message (a new key) than on a record of data.
  static constexpr unsigned kMessageWork = 16;
  // What is read ahead is worked off in one call. So it is no more than that, and as much again as the
  // largest record had since one came without data.
  static constexpr std::size_t kReadAhead = 4096;
  static constexpr std::size_t kBlock = 256;

  IoResult receive_raw(std::span<std::uint8_t> into) noexcept;
  IoResult read_records(std::span<std::uint8_t> into) noexcept;
  IoResult read_record(std::span<std::uint8_t> into) noexcept;
  IoResult tls_result(int returned) noexcept;
  void forget_ticket() noexcept;

  void add_work(unsigned work) noexcept;

  base::UniqueFd fd_;         // owned
  std::uint8_t error_ = 0;    // of a broken connection, for the next read; 0: none
  std::uint8_t work_ = 1;     // of the last read
  std::uint8_t record_ = 0;   // kBlocks of the largest record since one without data
  bool drained_ : 1 = false;  // nothing to receive until the next edge
  bool hang_up_ : 1 = false;  // an end of stream is on its way: read until it is there
  bool eof_ : 1 = false;      // the socket's end of stream was read
  bool dry_ : 1 = false;      // OpenSSL has nothing either
  bool heard_ : 1 = false;    // the last read took bytes from the socket
  bool ticket_ : 1 = false;   // a session ticket came, whose session is not forgotten yet
  SslRef ssl_;                // owned reference; none: plain
};
static_assert(sizeof(Stream) == 16, "each tunnel has two");

}  // namespace wsflow::os
