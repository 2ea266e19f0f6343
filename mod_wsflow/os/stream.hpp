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

  // Plain bytes. `ok` with fewer bytes than asked is not the end of what is there; only `again` is.
  IoResult read(std::span<std::uint8_t> into) noexcept;
  // May take only a part: `ok` means "try the rest at once", `again` means "wait for a writable edge". After
  // `again` the next call must begin with the same bytes.
  IoResult write(std::span<const std::uint8_t> from) noexcept;
  // Ends our direction: close_notify if TLS, then a FIN. The peer may go on sending.
  void shutdown_write() noexcept;
  // The connection is given up: its close breaks it, and says nothing to the peer.
  void reset_on_close() noexcept { os::reset_on_close(fd_.get()); }

  // For the BIO only.
  IoResult receive_raw(std::span<std::uint8_t> into) noexcept;
  IoResult send_raw(std::span<const std::uint8_t> from) noexcept;
  bool raw_eof() const noexcept { return eof_; }

 private:
  IoResult tls_result(int returned) noexcept;

  base::UniqueFd fd_;     // owned
  bool drained_ = false;  // nothing to receive until the next edge
  bool hang_up_ = false;  // an end of stream is on its way: read until it is there
  bool eof_ = false;      // the socket's end of stream was read
  SslRef ssl_;            // owned reference; none: plain
};

}  // namespace wsflow::os
