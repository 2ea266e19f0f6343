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
  failed  // the connection is broken, with errno `error`
};

struct IoResult {
  Io status;
  int error = 0;
  std::size_t bytes = 0;
};

// Non-blocking system calls on a connected stream socket. They never raise SIGPIPE.
IoResult receive(int fd, std::span<std::uint8_t> into) noexcept;
// Copies the next bytes and leaves them in the socket.
IoResult peek(int fd, std::span<std::uint8_t> into) noexcept;
IoResult send(int fd, std::span<const std::uint8_t> from) noexcept;
// Sends a FIN; the socket can still be read.
void shutdown_write(int fd) noexcept;

// Makes a second descriptor of the socket, close-on-exec; none with errno set on failure. Whether calls block
// belongs to the socket: it holds for all its descriptors.
base::UniqueFd duplicate(int fd) noexcept;
// Makes all descriptors of the socket non-blocking. False with errno set on failure.
bool set_non_blocking(int fd) noexcept;
// Makes the two ends of a local stream, close-on-exec and non-blocking, which holds about `buffer` bytes in
// each direction; none with errno set on failure.
std::array<base::UniqueFd, 2> socket_pair(int buffer) noexcept;
// Makes the kernel give up a peer that answers nothing for `ms` milliseconds: it acknowledges no bytes, or,
// if no bytes are on their way, no keepalive probe; probes begin after `ms` of silence. The number of probes
// does not count beside TCP_USER_TIMEOUT. Does nothing if `ms` is 0 or the socket is not TCP.
void set_peer_timeout(int fd, std::uint32_t ms) noexcept;

// Makes the close of this TCP connection send a reset and drop the bytes that wait.
void reset_on_close(int fd) noexcept;

// The kernel's knowledge of the path to a peer and back (TCP_INFO, SIOCOUTQ). poll() and read() show less: a
// socket is writable only if a third of its send buffer is free, and bytes that arrived out of order cannot
// be read yet.
struct Delivery {
  std::uint64_t confirmed = 0;   // all bytes that the peer's system has acknowledged; TCP only
  std::uint64_t waiting = 0;     // bytes that it has not acknowledged, sent or not; TCP only
  std::uint32_t taken = 0;       // changes whenever the peer's system takes bytes, even out of order
  std::uint32_t arrived = 0;     // changes whenever bytes come from it, even out of order; TCP only
  std::uint32_t quiet = 0;       // milliseconds since its last acknowledgement; TCP only
  std::uint32_t round_trip = 0;  // milliseconds: smoothed RTT + 4 * RTT variation (RFC 6298); TCP only
};
Delivery delivery(int fd) noexcept;

// Sets the sizes of the kernel's buffers of a socket, in bytes; 0: leaves a buffer as it is.
void set_buffers(int fd, int receive, int send) noexcept;

// Raises the soft limit of descriptors to the hard one, and returns the soft limit.
std::size_t raise_descriptor_limit() noexcept;
// The hard limit of descriptors.
std::size_t most_descriptors() noexcept;

}  // namespace wsflow::os
