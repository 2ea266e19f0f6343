#pragma once

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// Waits for a descriptor that threads of several processes wait for: of these, the kernel wakes one. One
// thread at a time.
class ExclusiveWait {
 public:
  // Neither descriptor is owned. `bell` always ends the wait.
  ExclusiveWait(int shared, int bell) noexcept;
  bool valid() const noexcept { return static_cast<bool>(epoll_); }

  // Whether `shared` ends the wait, too; not at first. True if it was watched and is no more.
  bool watch_shared(bool wanted) noexcept;
  // Waits until something can be read, or `most` has passed.
  void wait(base::Millis most) noexcept;

 private:
  base::UniqueFd epoll_;  // owned
  int shared_;            // borrowed
  bool watched_ = false;
};

}  // namespace wsflow::os
