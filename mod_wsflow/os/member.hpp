#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>

namespace wsflow::os {

// A process that somebody, who need not be trusted, names by pid and start ticks (process.hpp).
struct NamedProcess {
  pid_t pid = 0;
  std::uint64_t ticks = 0;  // 0: unknown
};

// Whether it lives, is in the process group of this process, not this one itself, and runs as one of `users`
// (real user ids): then it may be sent what this process's own children are sent. Never says true when in
// doubt.
bool is_member(const NamedProcess& process, std::span<const uid_t> users) noexcept;

enum class EndSignal : int { end, kill };  // SIGTERM, SIGKILL
// Sends it, if is_member(): to the process that was looked at, and no other that gets its pid meanwhile.
bool send_to_member(const NamedProcess& process, std::span<const uid_t> users, EndSignal order) noexcept;

}  // namespace wsflow::os
