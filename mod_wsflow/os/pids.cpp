#include "mod_wsflow/os/pids.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "mod_wsflow/os/proc_stat.hpp"

namespace wsflow::os {

namespace {
// Numbers of fields of /proc/PID/stat (proc(5)).
constexpr int kState = 3;
constexpr int kThreads = 20;
constexpr int kStartTicks = 22;
}  // namespace

std::uint64_t start_ticks(pid_t pid) noexcept {
  const auto stat = ProcStat::of(pid);
  return stat ? stat->number(kStartTicks) : 0;
}

std::uint64_t thread_count() noexcept {
  const auto stat = ProcStat::of(::getpid());
  return stat ? stat->number(kThreads) : 0;
}

uid_t own_user() noexcept {
  return ::getuid();
}

bool is_root() noexcept {
  return ::geteuid() == 0;
}

pid_t own_pid() noexcept {
  return ::getpid();
}

bool in_main_thread() noexcept {
  return ::gettid() == ::getpid();
}

pid_t parent_pid() noexcept {
  return ::getppid();
}

bool is_own_child(pid_t pid) noexcept {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

bool gone(pid_t pid, std::uint64_t ticks) noexcept {
  if (pid <= 0 || (::kill(pid, 0) != 0 && errno == ESRCH)) return true;
  const auto stat = ProcStat::of(pid);
  if (!stat) return false;
  if (ticks != 0 && stat->number(kStartTicks) != ticks) return true;
  // An ended first thread is a zombie, even while other threads of the process run.
  const auto state = stat->field(kState);
  return (state == "Z" || state == "X") && stat->number(kThreads) <= 1;
}

}  // namespace wsflow::os
