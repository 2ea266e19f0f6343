#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace wsflow::test {

// A forked process; killed and waited for with the object.
class ChildProcess {
 public:
  // `body` runs in the child, which ends well if it returns true.
  template <class Body>
  explicit ChildProcess(Body&& body) : pid_(::fork()) {
    if (pid_ == 0) {
      // Catch handles it to report a failed test, which the end of a child is not.
      ::signal(SIGTERM, SIG_DFL);
      ::_exit(body() ? 0 : 1);
    }
  }
  ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  ChildProcess& operator=(ChildProcess&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }
  ~ChildProcess() { kill(); }

  pid_t pid() const { return pid_; }
  // Waits for its end and returns its wait status; -1: there is none.
  int wait() {
    int status = 0;
    const auto pid = std::exchange(pid_, -1);
    return pid > 0 && ::waitpid(pid, &status, 0) == pid ? status : -1;
  }
  // Waits for its end; whether `body` said true.
  bool ended_well() {
    const int status = wait();
    return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ended_well();
  }

 private:
  pid_t pid_;
};

[[noreturn]] inline void wait_to_be_killed() {
  for (;;) ::pause();
}

}  // namespace wsflow::test
