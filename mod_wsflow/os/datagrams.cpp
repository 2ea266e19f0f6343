#include "mod_wsflow/os/datagrams.hpp"

#include <sys/socket.h>

namespace wsflow::os {

bool make_datagram_pair(int (&fds)[2]) noexcept {
  return ::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0;
}

bool send_datagram(int fd, std::span<const std::byte> bytes) noexcept {
  return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

std::size_t receive_datagram(int fd, std::span<std::byte> into) noexcept {
  const auto got = ::recv(fd, into.data(), into.size(), 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

}  // namespace wsflow::os
