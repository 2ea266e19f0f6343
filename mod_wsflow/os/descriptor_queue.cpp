#include "mod_wsflow/os/descriptor_queue.hpp"

#include <cstring>

#include "mod_wsflow/os/socket.hpp"

namespace wsflow::os {

namespace {

using Stamp = base::Instant::rep;

union Control {
  cmsghdr alignment;
  char bytes[CMSG_SPACE(sizeof(int))];
};

// The descriptor in a message, as its new owner.
base::UniqueFd descriptor_of(msghdr& message) noexcept {
  const auto* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len < CMSG_LEN(sizeof(int)))
    return {};
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return base::UniqueFd(fd);
}

base::Instant instant_of(Stamp stamp) noexcept {
  return base::Instant(base::Instant::duration(stamp));
}

bool has_address(sockaddr_storage& address, decltype(::getsockname)& ask, int fd) noexcept {
  socklen_t size = sizeof address;
  return ask(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

bool is_stream(int fd) noexcept {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

}  // namespace

bool make_descriptor_queue(int (&fds)[2]) noexcept {
  return ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0;
}

bool put_descriptor(int queue, int fd, base::Instant since) noexcept {
  Stamp stamp = since.time_since_epoch().count();
  iovec bytes{.iov_base = &stamp, .iov_len = sizeof stamp};
  Control control{};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  auto* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return ::sendmsg(queue, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof stamp);
}

std::optional<QueuedDescriptor> take_descriptor(int queue) noexcept {
  // The kernel takes a message out of the queue for a process that has no descriptor left, too, and closes
  // what is in it.
  if (!duplicate(queue)) return std::nullopt;
  for (;;) {
    Stamp stamp = 0;
    iovec bytes{.iov_base = &stamp, .iov_len = sizeof stamp};
    Control control{};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    if (::recvmsg(queue, &message, MSG_CMSG_CLOEXEC) <= 0) return std::nullopt;
    // A message without one: another thread took the last descriptor in between, and the peer sees the end.
    if (auto fd = descriptor_of(message)) return QueuedDescriptor{std::move(fd), instant_of(stamp)};
  }
}

std::optional<base::Instant> oldest_descriptor(int queue) noexcept {
  Stamp stamp = 0;
  if (::recv(queue, &stamp, sizeof stamp, MSG_PEEK) != static_cast<ssize_t>(sizeof stamp))
    return std::nullopt;
  return instant_of(stamp);
}

std::optional<StreamEnds> ends_of_stream(int fd) noexcept {
  StreamEnds ends{};
  if (!is_stream(fd) || !has_address(ends.local, ::getsockname, fd) ||
      !has_address(ends.remote, ::getpeername, fd))
    return std::nullopt;
  return ends;
}

}  // namespace wsflow::os
