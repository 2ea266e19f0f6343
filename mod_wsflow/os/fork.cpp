#include "mod_wsflow/os/fork.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>

#include "mod_wsflow/os/wait.hpp"

namespace wsflow::os {

std::optional<Pipe> make_pipe() noexcept {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{base::UniqueFd(ends[0]), base::UniqueFd(ends[1])};
}

bool send_byte(int fd) noexcept {
  const char byte = 1;
  return ::write(fd, &byte, 1) == 1;
}

bool wait_for_byte(int fd, base::Millis most) noexcept {
  char byte = 0;
  return wait_readable({fd}, most) && ::read(fd, &byte, 1) == 1;
}

pid_t fork_process() noexcept {
  return ::fork();
}

void kill_child(pid_t pid) noexcept {
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void leave(int code) noexcept {
  ::_exit(code);
}

void close_syslog() noexcept {
  ::closelog();
}

}  // namespace wsflow::os
