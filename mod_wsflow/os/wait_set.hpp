#pragma once

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// Several waits behind one descriptor, which can be read as soon as one of them is over: a descriptor is
// ready, a peer is gone, or a time has come. An epoll instance, for which another one may wait. One thread at
// a time.
class WaitSet {
 public:
  // Opens the descriptor. False with errno set if the kernel refuses.
  bool open() noexcept;
  int fd() const noexcept { return epoll_.get(); }

  // Waits for `fd` to be readable or, with `write`, writable, in the place of the descriptor of the call
  // before; -1: for none. A descriptor must not be closed while it is waited for. False with errno set if the
  // kernel refuses.
  bool watch(int fd, bool write) noexcept;
  // Waits for the end of a peer as well. Its descriptor must be forgotten before it is closed.
  bool watch_hang_up(int fd) noexcept;
  // From here on the end of its stream is none: only that the connection breaks.
  void expect_loss_only(int fd) noexcept;
  // Waits until `at` as well, in the place of the time of the call before.
  bool wait_until(base::Instant at) noexcept;

 private:
  base::UniqueFd epoll_;  // owned
  base::UniqueFd timer_;  // owned; none until a time is set
  int watched_ = -1;      // borrowed
};

}  // namespace wsflow::os
