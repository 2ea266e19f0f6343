#pragma once

#include <poll.h>

#include <array>
#include <chrono>
#include <cstddef>

namespace wsflow::os {

// A few descriptors that one thread waits for, put together anew for each wait.
class PollSet {
 public:
  static constexpr std::size_t kMost = 8;

  void clear() noexcept { count_ = 0; }
  // Adds a descriptor that is waited for until it can be read, written, or either. One that is wanted for
  // nothing, or that is none, is left out. Pre: no more than kMost are added.
  void add(int fd, bool readable, bool writable) noexcept;
  // Waits until something of it is there, or `most` has passed. A signal may end it, too.
  void wait(std::chrono::microseconds most) noexcept;

 private:
  std::array<pollfd, kMost> watched_{};
  std::size_t count_ = 0;
};

}  // namespace wsflow::os
