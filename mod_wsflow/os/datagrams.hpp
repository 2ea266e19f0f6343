#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace wsflow::os {

// Makes a pair of datagram sockets, non-blocking and close-on-exec: the first sends, the second receives.
// False with errno set if the kernel refuses. The caller owns the descriptors.
bool make_datagram_pair(int (&fds)[2]) noexcept;
enum class Sent : std::uint8_t {
  yes,
  full,   // the socket has no room now
  never,  // the socket will never have room
};
// Never raises SIGPIPE.
Sent send_datagram(int fd, std::span<const std::byte> bytes) noexcept;
// Ends sending on this socket for all processes; waiting datagrams can still be received.
void end_sending(int fd) noexcept;
// Returns the size of the datagram; 0 if none waits.
std::size_t receive_datagram(int fd, std::span<std::byte> into) noexcept;

}  // namespace wsflow::os
