#pragma once

#include <sys/types.h>

#include <cstdint>

namespace wsflow::shm {

// A process as one word, so that a slot changes hands in one compare-and-swap: pid below, start ticks above.
// A pid that the system gives again is another owner.
struct Owner {
  static constexpr unsigned kPidBits = 22;  // what Linux gives pids at most

  static Owner self() noexcept;
  static Owner of(pid_t pid) noexcept;
  static constexpr Owner make(std::uint32_t pid, std::uint64_t ticks) noexcept {
    return {(ticks << kPidBits) | (pid & ((1U << kPidBits) - 1))};
  }

  constexpr std::uint32_t pid() const noexcept {
    return static_cast<std::uint32_t>(word & ((1U << kPidBits) - 1));
  }
  constexpr std::uint64_t ticks() const noexcept { return word >> kPidBits; }
  bool gone() const noexcept;  // os::gone() of it
  friend constexpr bool operator==(Owner, Owner) noexcept = default;

  std::uint64_t word = 0;  // 0: nobody
};

// The owner of a slot whose process has died and that is being reaped: only the holder of the reaper lock
// touches it.
inline constexpr Owner kEnded = Owner::make(0, 1);

}  // namespace wsflow::shm
