#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace wsflow::os {

// A pair of datagram sockets, non-blocking and close-on-exec: what is sent on the first comes out at the
// second. False with errno set if the kernel refuses. The caller owns the descriptors.
bool make_datagram_pair(int (&fds)[2]) noexcept;
enum class Sent : std::uint8_t {
  yes,
  full,   // there is no room now
  never,  // nor will there be
};
// SIGPIPE is never raised.
Sent send_datagram(int fd, std::span<const std::byte> bytes) noexcept;
// No process can send on this socket any more; what waits can still be received.
void end_sending(int fd) noexcept;
// How many bytes came; 0 if nothing waits.
std::size_t receive_datagram(int fd, std::span<std::byte> into) noexcept;

}  // namespace wsflow::os
