#include "mod_wsflow/os/wait_set.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>

namespace wsflow::os {

namespace {

bool control(int epoll, int operation, int fd, std::uint32_t events) noexcept {
  epoll_event event{.events = events, .data = {.fd = fd}};
  return ::epoll_ctl(epoll, operation, fd, &event) == 0;
}

}  // namespace

bool WaitSet::open() noexcept {
  epoll_ = base::UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  return static_cast<bool>(epoll_);
}

bool WaitSet::watch(int fd, bool write) noexcept {
  const bool same = fd == watched_;
  if (!same && watched_ >= 0) control(epoll_.get(), EPOLL_CTL_DEL, watched_, 0);
  watched_ = fd;
  if (fd < 0) return true;
  const std::uint32_t events = write ? EPOLLOUT : EPOLLIN | EPOLLRDHUP;
  return control(epoll_.get(), same ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, events);
}

bool WaitSet::watch_hang_up(int fd) noexcept {
  return control(epoll_.get(), EPOLL_CTL_ADD, fd, EPOLLRDHUP);
}

void WaitSet::expect_loss_only(int fd) noexcept {
  control(epoll_.get(), EPOLL_CTL_MOD, fd, 0);
}

bool WaitSet::wait_until(base::Instant at) noexcept {
  if (!timer_) {
    timer_ = base::UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!timer_ || !control(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), EPOLLIN)) return false;
  }
  // A time of zero would stop the timer.
  const auto since = std::max(at.time_since_epoch(), base::Millis{1});
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  itimerspec when{};
  when.it_value.tv_sec = static_cast<std::time_t>(seconds.count());
  when.it_value.tv_nsec = static_cast<long>(std::chrono::nanoseconds(since - seconds).count());
  return ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) == 0;
}

}  // namespace wsflow::os
