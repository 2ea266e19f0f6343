#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

enum class Io : std::uint8_t {
  ok,     // `bytes` were moved
  again,  // nothing can be moved now
  eof,    // the peer has ended its stream
  failed  // the connection is broken; `error` says how
};

struct IoResult {
  Io status;
  int error = 0;
  std::size_t bytes = 0;
};

// Non-blocking system calls on a connected stream socket. SIGPIPE is never raised.
IoResult receive(int fd, std::span<std::uint8_t> into) noexcept;
IoResult send(int fd, std::span<const std::uint8_t> from) noexcept;
// Sends a FIN; reading goes on.
void shutdown_write(int fd) noexcept;

// A second, close-on-exec descriptor of the same socket, in non-blocking mode; none with errno set on
// failure.
base::UniqueFd duplicate(int fd) noexcept;
// Two ends of a stream within this process, close-on-exec and non-blocking, which hold about `buffer` bytes a
// direction; none with errno set on failure.
std::array<base::UniqueFd, 2> socket_pair(int buffer) noexcept;
// Small frames leave at once (no Nagle delay). Does nothing on sockets that are not TCP.
void set_no_delay(int fd) noexcept;
// Lets the kernel give up a peer that answers nothing for `ms`: it acknowledges no bytes, or, while none are
// on their way, no probe (which are sent after as long a silence). 0, or a socket that is not TCP: does
// nothing.
void set_peer_timeout(int fd, std::uint32_t ms) noexcept;

// Makes the close of this TCP connection break it at once: nothing that waits is delivered any more.
void reset_on_close(int fd) noexcept;

// What the kernel knows of the way to a peer and back (TCP_INFO, SIOCOUTQ). An application sees less: a
// socket is writable only when a third of its send buffer is free, and what has arrived out of order cannot
// be read yet.
struct Delivery {
  std::uint64_t confirmed = 0;  // bytes that the peer's system has acknowledged, in all; TCP only
  std::uint64_t waiting = 0;    // bytes that it has not acknowledged yet, sent or not; TCP only
  std::uint32_t taken = 0;      // another number whenever it has taken anything, out of order too
  std::uint32_t arrived = 0;  // another number whenever anything has come from it, out of order too; TCP only
  std::uint32_t quiet = 0;    // milliseconds since its last acknowledgement; TCP only
  std::uint32_t round_trip = 0;  // milliseconds that the kernel would wait for an acknowledgement; TCP only
};
Delivery delivery(int fd) noexcept;

// Sets the kernel's buffers of a socket, in bytes; 0: as they are.
void set_buffers(int fd, int receive, int send) noexcept;

// Raises the soft limit of descriptors to the hard one and returns what is in force.
std::size_t raise_descriptor_limit() noexcept;
// The hard one.
std::size_t most_descriptors() noexcept;

}  // namespace wsflow::os
