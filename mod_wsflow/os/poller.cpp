#include "mod_wsflow/os/poller.hpp"

#include <sys/epoll.h>

namespace wsflow::os {

Poller::Poller() noexcept : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

namespace {
bool add(int epoll, int fd, std::uint32_t events, std::uint64_t token) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}
}  // namespace

bool Poller::watch(int fd, std::uint64_t token) noexcept {
  return add(epoll_.get(), fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, token);
}

void Poller::unwatch(int fd) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

bool Poller::watch_level(int fd, std::uint64_t token) noexcept {
  return add(epoll_.get(), fd, EPOLLIN, token);
}

bool Poller::watch_hang_up(int fd, std::uint64_t token) noexcept {
  return add(epoll_.get(), fd, EPOLLRDHUP | EPOLLET, token);
}

bool Poller::watch_writes(int fd, std::uint64_t token) noexcept {
  return add(epoll_.get(), fd, EPOLLIN | EPOLLET, token);
}

std::span<const Ready> Poller::wait(int timeout_ms) noexcept {
  const base::OwnedByThisThread alone(waiting_);
  epoll_event events[kBatch];
  const int count = ::epoll_wait(epoll_.get(), events, kBatch, timeout_ms);
  if (count <= 0) return {};  // a timeout, or EINTR: the caller looks at its clock and waits again
  for (int i = 0; i < count; ++i) {
    const auto& event = events[i];
    const bool broken = (event.events & (EPOLLHUP | EPOLLERR)) != 0;
    const bool hang_up = broken || (event.events & EPOLLRDHUP) != 0;
    ready_[i] = Ready{.token = event.data.u64,
                      .readable = hang_up || (event.events & EPOLLIN) != 0,
                      .writable = broken || (event.events & EPOLLOUT) != 0,
                      .hang_up = hang_up};
  }
  return {ready_, static_cast<std::size_t>(count)};
}

}  // namespace wsflow::os
