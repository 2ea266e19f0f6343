#include "mod_wsflow/stores/redis/redis_socket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace wsflow::redis {

namespace {

std::string text_of(int error) {
  return std::generic_category().message(error);
}

// Connects `fd`; 0, or an errno.
int finish_connect(int fd, const sockaddr* address, socklen_t size, Deadline deadline) noexcept {
  if (connect(fd, address, size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_until_ready(fd, true, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

// -1 with errno if it fails.
int connected(int family, const sockaddr* address, socklen_t size, Deadline deadline) noexcept {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const int error = finish_connect(fd, address, size, deadline);
  if (error == 0) return fd;
  close(fd);
  errno = error;
  return -1;
}

int connect_path(const std::string& path, Deadline deadline, std::string& wrong) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = connected(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline);
  if (fd < 0) wrong = path + ": " + text_of(errno);
  return fd;
}

}  // namespace

bool wait_until_ready(int fd, bool write, Deadline deadline) noexcept {
  using std::chrono::milliseconds;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    pollfd wanted{.fd = fd, .events = static_cast<short>(write ? POLLOUT : POLLIN), .revents = 0};
    const int ready = poll(&wanted, 1, static_cast<int>(std::clamp<long>(left, 0, 3'600'000)));
    if (ready > 0) return true;
    if (ready == 0 && left <= 0) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

int connect_socket(const RedisUrl& url, Deadline deadline, std::string& wrong) {
  if (!url.path.empty()) return connect_path(url.path, deadline, wrong);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto place = url.host + ":" + url.port;
  if (const int error = getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found); error != 0) {
    wrong = place + ": " + gai_strerror(error);
    return -1;
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  for (const auto* each = found; each != nullptr; each = each->ai_next) {
    const int fd = connected(each->ai_family, each->ai_addr, each->ai_addrlen, deadline);
    if (fd < 0) {
      wrong = place + ": " + text_of(errno);
      continue;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return fd;
  }
  return -1;
}

}  // namespace wsflow::redis
