#include "mod_wsflow/os/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

namespace {

// What we need of /proc/PID/stat (proc(5)).
struct Stat {
  char state;
  std::uint64_t threads;
  std::uint64_t start_ticks;
};

std::uint64_t number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<Stat> parse(std::string_view line) noexcept {
  // The name of the program stands in parentheses and may hold any.
  const auto name_end = line.rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 >= line.size()) return std::nullopt;
  line.remove_prefix(name_end + 2);
  Stat result{line.front(), 0, 0};
  for (int field = 3; field <= 22; ++field) {
    const auto end = line.find(' ');
    if (end == std::string_view::npos) return std::nullopt;
    if (field == 20) result.threads = number(line.substr(0, end));
    if (field == 22) result.start_ticks = number(line.substr(0, end));
    line.remove_prefix(end + 1);
  }
  return result;
}

std::optional<Stat> stat_of(pid_t pid) noexcept {
  base::Text<32> path;
  path << "/proc/" << pid << "/stat" << std::string_view("\0", 1);
  const base::UniqueFd file(::open(path.view().data(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::array<char, 1024> line;
  const auto size = ::read(file.get(), line.data(), line.size());
  return size > 0 ? parse({line.data(), static_cast<std::size_t>(size)}) : std::nullopt;
}

}  // namespace

std::uint64_t start_ticks(pid_t pid) noexcept {
  const auto stat = stat_of(pid);
  return stat ? stat->start_ticks : 0;
}

std::uint64_t thread_count() noexcept {
  const auto stat = stat_of(::getpid());
  return stat ? stat->threads : 0;
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

void terminate(pid_t pid) noexcept {
  ::kill(pid, SIGTERM);
}

void kill(pid_t pid) noexcept {
  ::kill(pid, SIGKILL);
}

bool gone(pid_t pid, std::uint64_t ticks) noexcept {
  if (pid <= 0 || (::kill(pid, 0) != 0 && errno == ESRCH)) return true;
  const auto stat = stat_of(pid);
  if (!stat) return false;
  if (ticks != 0 && stat->start_ticks != ticks) return true;
  // The first thread is a zombie as soon as it has ended, while others may still run.
  return (stat->state == 'Z' || stat->state == 'X') && stat->threads <= 1;
}

}  // namespace wsflow::os
