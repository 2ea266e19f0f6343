#pragma once

#include <cstdint>
#include <span>

#include "mod_wsflow/base/thread_owner.hpp"
#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// The report of one wait about one registration.
struct Ready {
  std::uint64_t token;
  bool readable;
  bool writable;
  bool hang_up;  // an end of stream or an error is waiting: read until it is found
};

// An edge-triggered epoll instance; a descriptor keeps its one registration for life. One thread calls
// wait(); the kernel lets other threads change registrations meanwhile.
class Poller {
 public:
  static constexpr int kBatch = 256;

  Poller() noexcept;
  bool valid() const noexcept { return static_cast<bool>(epoll_); }
  int fd() const noexcept { return epoll_.get(); }

  // Watches `fd` for both directions; every event carries `token`. False with errno set if the kernel
  // refuses.
  bool watch(int fd, std::uint64_t token) noexcept;
  // Ends the registration. Closing `fd` does not: the registration lives on while another descriptor of the
  // socket is open, as in a forked child until its exec, and its events carry the token of a freed tunnel.
  void unwatch(int fd) noexcept;
  // Watches `fd` for reading only, level-triggered: the inbox's wake-up.
  bool watch_level(int fd, std::uint64_t token) noexcept;
  // Reports once when the peer of the socket `fd` has ended its stream or is gone.
  bool watch_hang_up(int fd, std::uint64_t token) noexcept;
  // Reports each write to the event descriptor `fd`, which may be shared: nobody needs to read it.
  bool watch_writes(int fd, std::uint64_t token) noexcept;
  // Waits at most `timeout_ms` (-1: for ever). The result is valid until the next wait.
  std::span<const Ready> wait(int timeout_ms) noexcept;

 private:
  [[no_unique_address]] base::ThreadOwner waiting_;  // the thread that is in wait()
  base::UniqueFd epoll_;                             // owned
  Ready ready_[kBatch];                              // by the thread that waits
};

}  // namespace wsflow::os
