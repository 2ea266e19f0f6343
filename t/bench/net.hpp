// Loopback sockets, epoll and command-line options of the load tools.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

namespace wsflow::bench {

[[noreturn]] inline void die(std::string_view what, int error = 0) {
  std::fprintf(stderr, "%.*s%s%s\n", static_cast<int>(what.size()), what.data(), error != 0 ? ": " : "",
               error != 0 ? std::strerror(error) : "");
  std::exit(2);
}

/// `--name value` pairs after the words that stand first.
class Options {
 public:
  Options(int argc, char** argv, int first) {
    for (int i = first; i < argc; i += 2) {
      const std::string_view name = argv[i];
      if (!name.starts_with("--") || i + 1 == argc) die("option without a value: " + std::string(name));
      values_[std::string(name.substr(2))] = argv[i + 1];
    }
  }
  std::string text(const std::string& name, std::string otherwise = {}) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
  }
  unsigned number(const std::string& name, unsigned otherwise) const {
    const std::string value = text(name);
    if (value.empty()) return otherwise;
    unsigned result = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc{} || end != value.data() + value.size()) die("not a number: --" + name);
    return result;
  }

 private:
  std::map<std::string, std::string> values_;
};

inline void use_all_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  signal(SIGPIPE, SIG_IGN);
}

inline sockaddr_in loopback(unsigned port, unsigned host = 1) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host);
  return address;
}

inline const sockaddr* as_sockaddr(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

inline void no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// Listens on a free loopback port and says which.
inline int listen_anywhere(unsigned& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (fd < 0 || bind(fd, as_sockaddr(address), sizeof address) != 0 || listen(fd, 4096) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    die("listen", errno);
  }
  port = ntohs(address.sin_port);
  return fd;
}

/// Starts a connection to a loopback port from 127.0.0.`source`: one address has only some 28,000 ports.
inline int start_connect(unsigned port, unsigned source) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket", errno);
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  no_delay(fd);
  const sockaddr_in from = loopback(0, source);
  const sockaddr_in to = loopback(port);
  if (bind(fd, as_sockaddr(from), sizeof from) != 0) die("bind", errno);
  if (connect(fd, as_sockaddr(to), sizeof to) != 0 && errno != EINPROGRESS) die("connect", errno);
  return fd;
}

/// Edge-triggered, one registration for life.
class Epoll {
 public:
  void add(int fd, void* owner, std::uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = owner;
    if (epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl", errno);
  }
  template <class Handle>
  void wait(int timeout_ms, Handle&& handle) {
    hand_out(epoll_wait(fd_, events_, kEvents, timeout_ms), handle);
  }

 private:
  template <class Handle>
  void hand_out(int count, Handle& handle) {
    if (count < 0 && errno != EINTR) die("epoll_wait", errno);
    for (int i = 0; i < count; ++i) handle(events_[i].data.ptr, std::uint32_t{events_[i].events});
  }

  static constexpr int kEvents = 512;
  int fd_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event events_[kEvents];
};

}  // namespace wsflow::bench
