#include "mod_wsflow/os/socket.hpp"

#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace wsflow::os {

namespace {
IoResult failure() noexcept {
  const int error = errno;
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) return {.status = Io::again};
  return {.status = Io::failed, .error = error};
}

IoResult received(ssize_t got) noexcept {
  if (got < 0) return failure();
  if (got == 0) return {.status = Io::eof};
  return {.status = Io::ok, .bytes = static_cast<std::size_t>(got)};
}
}  // namespace

IoResult receive(int fd, std::span<std::uint8_t> into) noexcept {
  return received(::recv(fd, into.data(), into.size(), 0));
}

IoResult peek(int fd, std::span<std::uint8_t> into) noexcept {
  return received(::recv(fd, into.data(), into.size(), MSG_PEEK));
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
  return base::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

bool set_non_blocking(int fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

std::array<base::UniqueFd, 2> socket_pair(int buffer) noexcept {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) return {};
  for (const int fd : fds) set_buffers(fd, 0, buffer);
  return {base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
}

void set_peer_timeout(int fd, std::uint32_t ms) noexcept {
  if (ms == 0) return;
  constexpr int kProbes = 4;
  const auto seconds = [&](std::uint32_t parts) {
    return static_cast<int>(std::clamp<std::uint32_t>(ms / (1000 * parts), 1, 32767));
  };
  const auto set = [&](int level, int option, int value) {
    ::setsockopt(fd, level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(std::min<std::uint32_t>(ms, INT_MAX)));
  set(IPPROTO_TCP, TCP_KEEPIDLE, seconds(1));
  set(IPPROTO_TCP, TCP_KEEPINTVL, seconds(kProbes));
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
}

void reset_on_close(int fd) noexcept {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Delivery delivery(int fd) noexcept {
  constexpr std::uint8_t kTcpClose = 7;  // TCP_CLOSE of <netinet/tcp.h>, which <linux/tcp.h> excludes
  int waiting = 0;
  if (::ioctl(fd, SIOCOUTQ, &waiting) != 0) return {};
  tcp_info info{};  // fields that an older kernel does not know stay 0
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
    // A local socket: the peer's system has every byte; `waiting` bytes have not been read.
    return {.taken = 0U - static_cast<std::uint32_t>(waiting)};
  }
  return {.confirmed = info.tcpi_bytes_acked,
          // A connection that was reset has dropped what it counts still.
          .waiting = info.tcpi_state != kTcpClose ? static_cast<std::uint64_t>(waiting) : 0,
          .taken = static_cast<std::uint32_t>(info.tcpi_bytes_acked) + info.tcpi_delivered,
          .arrived = static_cast<std::uint32_t>(info.tcpi_bytes_received) + info.tcpi_rcv_ooopack,
          .quiet = info.tcpi_last_ack_recv,
          .round_trip = (info.tcpi_rtt + 4 * info.tcpi_rttvar) / 1000};
}

void set_buffers(int fd, int receive, int send) noexcept {
  if (receive > 0) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive);
  if (send > 0) ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof send);
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

std::size_t most_descriptors() noexcept {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::size_t>(limit.rlim_max) : 1024;
}

}  // namespace wsflow::os
