#pragma once

#include <cstddef>

#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// A stream socket of this address family, close-on-exec and non-blocking; none with errno set on failure.
base::UniqueFd stream_socket(int family) noexcept;

// Begins to connect a non-blocking socket to a sockaddr of `size` bytes. 0: connected. EINPROGRESS: wait
// until it can be written, then call end_connect(). EAGAIN: the queue of a local socket is full, try again.
// Else the errno of the failure.
int begin_connect(int fd, const void* address, std::size_t size) noexcept;
// The end of begin_connect(), of the same arguments: 0, or the errno of the failure; EINPROGRESS: it has not
// ended.
int end_connect(int fd, const void* address, std::size_t size) noexcept;
// Binds the socket to a sockaddr of `size` bytes: 0, or the errno of the failure.
int bind_to(int fd, const void* address, std::size_t size) noexcept;

// Ends the connection in both directions: who waits for it waits no longer. The descriptor stays open.
void cut(int fd) noexcept;

// What a peer has done to its connection.
enum class Presence : unsigned char {
  here,
  ended,  // it has ended its stream; bytes that it sent before may be there
  lost    // the connection is broken
};
Presence presence(int fd) noexcept;

}  // namespace wsflow::os
