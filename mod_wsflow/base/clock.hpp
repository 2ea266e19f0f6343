#pragma once

#include <chrono>
#include <cstdint>

namespace wsflow::base {

using Millis = std::chrono::milliseconds;
using Micros = std::chrono::microseconds;

// A moment of the monotonic clock, in milliseconds. Code that depends on time takes the moment as an
// argument: tests choose it.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Millis>;

inline Instant now() noexcept {
  return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now());
}
// The monotonic clock in microseconds, for the shared memory: all processes have the same clock.
inline std::int64_t now_us() noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The offset of the wall clock (time since 1970) from the monotonic clock. It changes when the wall clock is
// set, and over a suspend.
inline Millis wall_ahead() noexcept {
  // A thread that is stopped between the two readings measures the stop, too: it reads again.
  constexpr int kTries = 8;
  for (int tries = 1;; ++tries) {
    const auto before = now();
    const auto wall = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
    if (now() - before > Millis{1} && tries < kTries) continue;
    return wall.time_since_epoch() - before.time_since_epoch();
  }
}

// wall_ahead(), or a clock of a test.
using WallClock = Millis (*)() noexcept;
// True if the wall clock was set between the two offsets. Slewing adds up until it counts as setting.
inline bool was_set(Millis before, Millis ahead) noexcept {
  constexpr Millis kTolerance{20};
  return std::chrono::abs(ahead - before) >= kTolerance;
}

}  // namespace wsflow::base
