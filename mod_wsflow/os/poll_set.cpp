#include "mod_wsflow/os/poll_set.hpp"

#include <algorithm>
#include <cstdint>
#include <ctime>

namespace wsflow::os {

void PollSet::add(int fd, bool readable, bool writable) noexcept {
  if (fd < 0 || (!readable && !writable) || count_ == kMost) return;
  watched_[count_++] = {.fd = fd,
                        .events = static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0)),
                        .revents = 0};
}

void PollSet::wait(std::chrono::microseconds most) noexcept {
  constexpr std::int64_t kSecond = 1'000'000;
  const std::int64_t left = std::max<std::int64_t>(most.count(), 0);
  const timespec time{.tv_sec = left / kSecond, .tv_nsec = left % kSecond * 1000};
  ::ppoll(watched_.data(), count_, &time, nullptr);
}

}  // namespace wsflow::os
