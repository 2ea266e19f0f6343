#include "mod_wsflow/os/pids.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

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

double seconds_since(std::uint64_t ticks) noexcept {
  timespec now{};
  const auto second = ::sysconf(_SC_CLK_TCK);
  if (ticks == 0 || second <= 0 || ::clock_gettime(CLOCK_BOOTTIME, &now) != 0) return 0;
  const auto since_boot = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  return std::max(since_boot - static_cast<double>(ticks) / static_cast<double>(second), 0.0);
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
