#include "mod_wsflow/os/connect.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace wsflow::os {

base::UniqueFd stream_socket(int family) noexcept {
  return base::UniqueFd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int begin_connect(int fd, const void* address, std::size_t size) noexcept {
  if (::connect(fd, static_cast<const sockaddr*>(address), static_cast<socklen_t>(size)) == 0) return 0;
  // After a signal the connect goes on by itself.
  return errno == EINTR ? EINPROGRESS : errno;
}

// Once more, connect() tells how the first one has ended, in one system call.
int end_connect(int fd, const void* address, std::size_t size) noexcept {
  const int error = begin_connect(fd, address, size);
  if (error == EALREADY) return EINPROGRESS;
  return error == EISCONN ? 0 : error;
}

int bind_to(int fd, const void* address, std::size_t size) noexcept {
  return ::bind(fd, static_cast<const sockaddr*>(address), static_cast<socklen_t>(size)) == 0 ? 0 : errno;
}

void cut(int fd) noexcept {
  ::shutdown(fd, SHUT_RDWR);
}

Presence presence(int fd) noexcept {
  pollfd one{.fd = fd, .events = POLLRDHUP, .revents = 0};
  if (::poll(&one, 1, 0) <= 0) return Presence::here;
  return (one.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? Presence::lost : Presence::ended;
}

}  // namespace wsflow::os
