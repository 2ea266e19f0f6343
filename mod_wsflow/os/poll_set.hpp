#pragma once

#include <poll.h>

#include <array>
#include <chrono>
#include <cstddef>

namespace wsflow::os {

// The few descriptors of one thread's wait with ppoll(); filled again before each wait.
class PollSet {
 public:
  static constexpr std::size_t kMost = 8;

  void clear() noexcept { count_ = 0; }
  // Adds a descriptor; the wait ends when it can be read or written, as asked. Ignores -1, and a descriptor
  // for which nothing is asked. Pre: at most kMost are added.
  void add(int fd, bool readable, bool writable) noexcept;
  // Waits until a descriptor is ready, a signal comes, or `most` has passed.
  void wait(std::chrono::microseconds most) noexcept;

 private:
  std::array<pollfd, kMost> watched_{};
  std::size_t count_ = 0;
};

}  // namespace wsflow::os
