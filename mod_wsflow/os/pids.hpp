#pragma once

#include <sys/types.h>

#include <cstdint>

namespace wsflow::os {

// When the process started, in clock ticks since the machine did; with the pid it names a process for good. 0
// if that cannot be told.
std::uint64_t start_ticks(pid_t pid) noexcept;
// Whether the process that had this pid and these start ticks (0: unknown) will never run again. Says false
// when in doubt.
bool gone(pid_t pid, std::uint64_t ticks) noexcept;

// How many threads this process has; 0 if that cannot be told.
std::uint64_t thread_count() noexcept;

uid_t own_user() noexcept;  // the real one
bool is_root() noexcept;    // by its rights
pid_t own_pid() noexcept;
bool in_main_thread() noexcept;
pid_t parent_pid() noexcept;
// Whether it is a child of this process, living or not yet waited for.
bool is_own_child(pid_t pid) noexcept;

}  // namespace wsflow::os
