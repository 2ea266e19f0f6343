#pragma once

#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// An eventfd, with which every thread can end a loop's wait by ring().
class Wakeup {
 public:
  Wakeup() noexcept;
  bool valid() const noexcept { return static_cast<bool>(fd_); }
  int fd() const noexcept { return fd_.get(); }
  void ring() const noexcept { ring(fd_.get()); }
  void clear() const noexcept;

  // For code that keeps the descriptor itself. open() returns -1 with errno set if it fails.
  static int open() noexcept;
  static void ring(int fd) noexcept;

 private:
  base::UniqueFd fd_;  // owned
};

}  // namespace wsflow::os
