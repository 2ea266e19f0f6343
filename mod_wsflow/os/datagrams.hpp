#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace wsflow::os {

// A pair of datagram sockets, non-blocking and close-on-exec: what is sent on the first comes out at the
// second. False with errno set if the kernel refuses. The caller owns the descriptors.
bool make_datagram_pair(int (&fds)[2]) noexcept;
// False if there is no room. SIGPIPE is never raised.
bool send_datagram(int fd, std::span<const std::byte> bytes) noexcept;
// How many bytes came; 0 if nothing waits.
std::size_t receive_datagram(int fd, std::span<std::byte> into) noexcept;

}  // namespace wsflow::os
