#include "mod_wsflow/os/exclusive_wait.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <climits>

namespace wsflow::os {

ExclusiveWait::ExclusiveWait(int shared, int bell) noexcept
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), shared_(shared) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, bell, &event) != 0) epoll_.reset();
}

bool ExclusiveWait::watch_shared(bool wanted) noexcept {
  if (wanted == watched_) return false;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLEXCLUSIVE;
  const int change = wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
  if (::epoll_ctl(epoll_.get(), change, shared_, &event) == 0) watched_ = wanted;
  return !watched_;
}

void ExclusiveWait::wait(base::Millis most) noexcept {
  epoll_event ready[2];
  const auto timeout = std::clamp<base::Millis::rep>(most.count(), 0, INT_MAX);
  ::epoll_wait(epoll_.get(), ready, 2, static_cast<int>(timeout));
}

}  // namespace wsflow::os
