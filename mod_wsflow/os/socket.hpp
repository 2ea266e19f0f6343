#pragma once

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
// Small frames leave at once (no Nagle delay). Does nothing on sockets that are not TCP.
void set_no_delay(int fd) noexcept;

// Raises the soft limit of descriptors to the hard one and returns what is in force.
std::size_t raise_descriptor_limit() noexcept;

}  // namespace wsflow::os
