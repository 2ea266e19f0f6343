#include "mod_wsflow/os/member.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/os/pids.hpp"

namespace wsflow::os {

namespace {

// Nothing if unknown. (Reads the status file, as root owns /proc/PID of a process that may not dump core.)
std::optional<uid_t> real_user_of(pid_t pid) noexcept {
  constexpr std::string_view kField = "\nUid:\t";
  base::Text<32> path;
  path << "/proc/" << pid << "/status" << std::string_view("\0", 1);
  const base::UniqueFd file(::open(path.view().data(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::array<char, 4096> space;
  const auto got = ::read(file.get(), space.data(), space.size());
  if (got <= 0) return std::nullopt;
  const std::string_view text(space.data(), static_cast<std::size_t>(got));
  const auto at = text.find(kField);
  if (at == std::string_view::npos) return std::nullopt;
  uid_t user = 0;
  const auto parsed = std::from_chars(text.data() + at + kField.size(), text.data() + text.size(), user);
  return parsed.ec == std::errc{} ? std::optional(user) : std::nullopt;
}

}  // namespace

bool is_member(const NamedProcess& process, std::span<const uid_t> users) noexcept {
  if (process.pid <= 1 || process.pid == ::getpid() || gone(process.pid, process.ticks)) return false;
  if (::getpgid(process.pid) != ::getpgrp()) return false;
  const auto user = real_user_of(process.pid);
  return user && std::find(users.begin(), users.end(), *user) != users.end();
}

bool send_to_member(const NamedProcess& process, std::span<const uid_t> users, EndSignal signal) noexcept {
  const int number = signal == EndSignal::kill ? SIGKILL : SIGTERM;
  // Takes the descriptor before it checks the process: if that ends after the check, the signal goes nowhere.
  const base::UniqueFd held(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!held && errno == ESRCH) return false;
  if (!is_member(process, users)) return false;
  // An old kernel, or a sandbox without these calls.
  if (!held) return ::kill(process.pid, number) == 0;
  return ::syscall(SYS_pidfd_send_signal, held.get(), number, nullptr, 0) == 0;
}

}  // namespace wsflow::os
