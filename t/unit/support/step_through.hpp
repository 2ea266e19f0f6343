#pragma once

#include <sys/ptrace.h>

#include "t/unit/support/child_process.hpp"

// Sanitizers make thousands of steps for each of ours.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define WSFLOW_STEPS
#endif

namespace wsflow::test {

// Runs `body` in a process of its own and `visit` between its instructions; whether `body` was run to its
// end and said true.
template <class Body, class Visit>
bool step_through(Body&& body, Visit&& visit) {
  ChildProcess child([&] { return ::ptrace(PTRACE_TRACEME) == 0 && ::raise(SIGSTOP) == 0 && body(); });
  int status = 0;
  while (::waitpid(child.pid(), &status, 0) == child.pid() && WIFSTOPPED(status)) {
    visit();
    if (::ptrace(PTRACE_SINGLESTEP, child.pid(), nullptr, nullptr) != 0) return false;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace wsflow::test
