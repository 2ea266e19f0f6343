#pragma once

#include <signal.h>
#include <sys/types.h>

#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// Replaces the action of SIGTERM: it calls Handler(pid of the sender) in the thread that the kernel chooses.
// Handler must be async-signal-safe.
template <void (*Handler)(pid_t) noexcept>
void handle_sigterm() noexcept {
  struct sigaction action {};
  action.sa_sigaction = [](int, siginfo_t* info, void*) noexcept { Handler(info->si_pid); };
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, nullptr);
}

// Replaces the action of SIGTERM during its life: the signal calls Handler, which must be async-signal-safe.
// The destructor restores the action, and runs it if Came() says that a signal came. One thread.
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
  struct sigaction before_ {};  // the action to restore
};

// A descriptor that becomes readable on SIGTERM and SIGINT. Pre: every thread of the process blocks them.
class StopSignals {
 public:
  StopSignals() noexcept;
  bool valid() const noexcept { return static_cast<bool>(fd_); }
  int fd() const noexcept { return fd_.get(); }
  // Takes a signal. False if none has come since the last call.
  bool take() const noexcept;

 private:
  base::UniqueFd fd_;  // owned
};

}  // namespace wsflow::os
