#pragma once

#include <signal.h>
#include <sys/types.h>

#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// Lets SIGTERM call Handler(pid of the sender), in the thread that the kernel chooses, instead of what it
// did. Handler does only what is safe in a signal handler.
template <void (*Handler)(pid_t) noexcept>
void handle_sigterm() noexcept {
  struct sigaction action {};
  action.sa_sigaction = [](int, siginfo_t* info, void*) noexcept { Handler(info->si_pid); };
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, nullptr);
}

// While it lives, SIGTERM calls Handler, which does only what is safe in a signal handler, instead of what it
// did. What it did is done at the end if Came() says that there was one. In the thread that has it.
template <void (*Handler)() noexcept, bool (*Came)() noexcept>
class DeferSigterm {
 public:
  DeferSigterm() noexcept {
    struct sigaction action {};
    action.sa_handler = [](int) noexcept { Handler(); };
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, &before_);
  }
  ~DeferSigterm() {
    sigaction(SIGTERM, &before_, nullptr);
    if (Came()) raise(SIGTERM);
  }
  DeferSigterm(const DeferSigterm&) = delete;
  DeferSigterm& operator=(const DeferSigterm&) = delete;

 private:
  struct sigaction before_ {};
};

// SIGTERM and SIGINT as something to wait for. They must be blocked in every thread of the process.
class StopSignals {
 public:
  StopSignals() noexcept;
  bool valid() const noexcept { return static_cast<bool>(fd_); }
  int fd() const noexcept { return fd_.get(); }
  // Whether one has come since the last call.
  bool take() const noexcept;

 private:
  base::UniqueFd fd_;  // owned
};

}  // namespace wsflow::os
