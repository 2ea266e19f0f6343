#include "mod_wsflow/os/socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>

namespace wsflow::os {

namespace {
IoResult failure() noexcept {
  const int error = errno;
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) return {.status = Io::again};
  return {.status = Io::failed, .error = error};
}
}  // namespace

IoResult receive(int fd, std::span<std::uint8_t> into) noexcept {
  const auto got = ::recv(fd, into.data(), into.size(), 0);
  if (got < 0) return failure();
  if (got == 0) return {.status = Io::eof};
  return {.status = Io::ok, .bytes = static_cast<std::size_t>(got)};
}

IoResult send(int fd, std::span<const std::uint8_t> from) noexcept {
  const auto sent = ::send(fd, from.data(), from.size(), MSG_NOSIGNAL);
  if (sent < 0) return failure();
  return {.status = Io::ok, .bytes = static_cast<std::size_t>(sent)};
}

void shutdown_write(int fd) noexcept {
  ::shutdown(fd, SHUT_WR);
}

base::UniqueFd duplicate(int fd) noexcept {
  base::UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (copy) {
    const int flags = ::fcntl(copy.get(), F_GETFL);
    if (flags < 0 || ::fcntl(copy.get(), F_SETFL, flags | O_NONBLOCK) < 0) copy.reset();
  }
  return copy;
}

void set_no_delay(int fd) noexcept {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::size_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    const auto soft = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = soft;
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace wsflow::os
