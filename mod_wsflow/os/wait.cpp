#include "mod_wsflow/os/wait.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace wsflow::os {

bool wait_readable(std::initializer_list<int> fds, base::Millis most) noexcept {
  std::array<pollfd, 4> watched{};
  const auto count = std::min(fds.size(), watched.size());
  std::transform(fds.begin(), fds.begin() + count, watched.begin(),
                 [](int fd) { return pollfd{.fd = fd, .events = POLLIN, .revents = 0}; });
  const auto end = base::now() + most;
  int ready = 0;
  do {
    const auto left = std::max<base::Millis::rep>((end - base::now()).count(), 0);
    ready = ::poll(watched.data(), count, static_cast<int>(left));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

bool wait_for(int fd, bool write, int peer, base::Micros most) noexcept {
  // poll() ignores negative descriptors.
  std::array<pollfd, 2> watched{
      pollfd{.fd = fd, .events = static_cast<short>(write ? POLLOUT : POLLIN), .revents = 0},
      pollfd{.fd = peer, .events = POLLRDHUP, .revents = 0}};
  const auto left = std::max(most, base::Micros::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec time{.tv_sec = static_cast<std::time_t>(seconds.count()),
                      .tv_nsec = static_cast<long>(std::chrono::nanoseconds(left - seconds).count())};
  return ::ppoll(watched.data(), watched.size(), &time, nullptr) > 0;
}

}  // namespace wsflow::os
