#include "t/unit/support/sockets.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

// sendto and recvfrom, because the executable wraps send and recv (socket_faults.hpp).

namespace wsflow::test {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{20};

int checked(int result, const char* what) {
  if (result < 0) throw std::runtime_error(what);
  return result;
}

void make_non_blocking(int fd) {
  checked(::fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
}

bool wait_for(int fd, short events, Clock::time_point limit) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(limit - Clock::now()).count();
  pollfd one{.fd = fd, .events = events, .revents = 0};
  return left > 0 && ::poll(&one, 1, static_cast<int>(left)) == 1;
}

// Adds at most `most` bytes to `into`. False if nothing is there now or the connection has ended.
bool receive_piece(int fd, std::size_t most, Received& into) {
  std::uint8_t buffer[16384];
  const auto got = ::recvfrom(fd, buffer, std::min(most, sizeof buffer), 0, nullptr, nullptr);
  if (got > 0) {
    into.bytes.insert(into.bytes.end(), buffer, buffer + got);
    return true;
  }
  if (got == 0) into.ended = Ended::eof;
  if (got < 0 && errno != EAGAIN) into.ended = Ended::reset;
  return false;
}

}  // namespace

Connection socket_pair() {
  int fds[2];
  checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), "socketpair");
  return {base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
}

Connection tcp_pair() {
  const base::UniqueFd listener(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  checked(::bind(listener.get(), generic, size), "bind");
  checked(::listen(listener.get(), 1), "listen");
  checked(::getsockname(listener.get(), generic, &size), "getsockname");
  base::UniqueFd peer(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  checked(::connect(peer.get(), generic, size), "connect");
  base::UniqueFd ours(checked(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
  make_non_blocking(ours.get());
  make_non_blocking(peer.get());
  return {std::move(ours), std::move(peer)};
}

Bytes bytes_of(std::string_view text) {
  return Bytes(text.begin(), text.end());
}

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  unsigned value = seed * 2654435761U + 1;
  for (auto& byte : bytes) {
    value = value * 1664525U + 1013904223U;
    byte = static_cast<std::uint8_t>(value >> 24U);
  }
  return bytes;
}

std::size_t send_some(int fd, std::span<const std::uint8_t> bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto put = ::sendto(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL, nullptr, 0);
    if (put < 0) break;
    sent += static_cast<std::size_t>(put);
  }
  return sent;
}

Received receive_some(int fd) {
  Received received;
  while (receive_piece(fd, SIZE_MAX, received)) {
  }
  return received;
}

bool send_all(int fd, std::span<const std::uint8_t> bytes) {
  const auto limit = Clock::now() + kPatience;
  std::size_t sent = 0;
  do {
    sent += send_some(fd, bytes.subspan(sent));
    if (sent == bytes.size()) return true;
    if (errno != EAGAIN) return false;
  } while (wait_for(fd, POLLOUT, limit));
  return false;
}

Bytes receive_exactly(int fd, std::size_t size) {
  const auto limit = Clock::now() + kPatience;
  Received received;
  while (received.bytes.size() < size) {
    if (receive_piece(fd, size - received.bytes.size(), received)) continue;
    if (received.ended != Ended::open || !wait_for(fd, POLLIN, limit)) break;
  }
  return std::move(received.bytes);
}

Received receive_to_end(int fd) {
  const auto limit = Clock::now() + kPatience;
  Received received;
  do {
    while (receive_piece(fd, SIZE_MAX, received)) {
    }
  } while (received.ended == Ended::open && wait_for(fd, POLLIN, limit));
  return received;
}

void end_stream(int fd) {
  checked(::shutdown(fd, SHUT_WR), "shutdown");
}

void reset_connection(base::UniqueFd fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  checked(::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), "setsockopt");
}

void shrink_send_buffer(int fd) {
  const int size = 1;  // the kernel makes it its least
  checked(::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), "setsockopt");
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

}  // namespace wsflow::test
