#pragma once

#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// An eventfd: lets another thread end a loop's wait. ring() may be called from every thread.
class Wakeup {
 public:
  Wakeup() noexcept;
  bool valid() const noexcept { return static_cast<bool>(fd_); }
  int fd() const noexcept { return fd_.get(); }
  void ring() const noexcept { ring(fd_.get()); }
  void clear() const noexcept;

  // The same for whoever keeps the descriptor in another way; open() returns -1 and errno if it fails.
  static int open() noexcept;
  static void ring(int fd) noexcept;

 private:
  base::UniqueFd fd_;  // owned
};

}  // namespace wsflow::os
