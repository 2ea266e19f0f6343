#pragma once

#include <sys/types.h>

#include <cstdint>

namespace wsflow::os {

// The start of the process, in clock ticks since the start of the machine. Pid and ticks together name a
// process for good. 0: unknown.
std::uint64_t start_ticks(pid_t pid) noexcept;
// For how many seconds a process runs that has these start ticks: by a clock that nobody can set. 0: unknown.
double seconds_since(std::uint64_t ticks) noexcept;
// True if the process with this pid and these start ticks (0: unknown) will never run again. False if
// unknown.
bool gone(pid_t pid, std::uint64_t ticks) noexcept;

// The number of threads of this process; 0: unknown.
std::uint64_t thread_count() noexcept;

uid_t own_user() noexcept;  // the real user id
bool is_root() noexcept;    // by the effective user id
pid_t own_pid() noexcept;
bool in_main_thread() noexcept;
pid_t parent_pid() noexcept;
// True if `pid` is a child of this process that lives or has not been waited for.
bool is_own_child(pid_t pid) noexcept;

}  // namespace wsflow::os
