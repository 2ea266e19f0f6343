#include "mod_wsflow/os/datagrams.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace wsflow::os {

bool make_datagram_pair(int (&fds)[2]) noexcept {
  return ::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0;
}

Sent send_datagram(int fd, std::span<const std::byte> bytes) noexcept {
  if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0) return Sent::yes;
  return errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM ? Sent::full : Sent::never;
}

void end_sending(int fd) noexcept {
  ::shutdown(fd, SHUT_WR);
}

std::size_t receive_datagram(int fd, std::span<std::byte> into) noexcept {
  const auto got = ::recv(fd, into.data(), into.size(), 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

}  // namespace wsflow::os
