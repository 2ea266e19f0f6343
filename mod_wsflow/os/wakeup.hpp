#pragma once

#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// An eventfd: lets another thread end a loop's wait. ring() may be called from every thread.
class Wakeup {
 public:
  Wakeup() noexcept;
  bool valid() const noexcept { return static_cast<bool>(fd_); }
  int fd() const noexcept { return fd_.get(); }
  void ring() const noexcept;
  void clear() const noexcept;

 private:
  base::UniqueFd fd_;  // owned
};

}  // namespace wsflow::os
