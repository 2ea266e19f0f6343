#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>

namespace wsflow::os {

// A process, named by pid and start ticks (pids.hpp). The name may come from an untrusted process.
struct NamedProcess {
  pid_t pid = 0;
  std::uint64_t ticks = 0;  // 0: unknown
};

// True if the process lives, is another one than this, is in this one's process group, and runs as one of
// `users` (real user ids): then it may get the signals that this process's own children get. False if
// unknown.
bool is_member(const NamedProcess& process, std::span<const uid_t> users) noexcept;

enum class EndSignal : int { end, kill };  // SIGTERM, SIGKILL
// Sends the signal if is_member(). It reaches the process that was checked, never a later one with its pid.
bool send_to_member(const NamedProcess& process, std::span<const uid_t> users, EndSignal signal) noexcept;

}  // namespace wsflow::os
