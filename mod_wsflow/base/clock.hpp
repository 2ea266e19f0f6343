#pragma once

#include <chrono>
#include <cstdint>

namespace wsflow::base {

using Millis = std::chrono::milliseconds;

// A moment of the monotonic clock, in milliseconds. Code that depends on time takes the moment as an
// argument, so that tests can choose it.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Millis>;

inline Instant now() noexcept {
  return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now());
}
// The same clock in microseconds, for what other processes see: it is one clock for all of them.
inline std::int64_t now_us() noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// How far the wall clock (time since 1970) is ahead of the monotonic one. It changes when the wall clock is
// set, and over a suspend.
inline Millis wall_ahead() noexcept {
  // Whoever is stopped between the two looks has measured just that, and looks again.
  constexpr int kTries = 8;
  for (int tries = 1;; ++tries) {
    const auto before = now();
    const auto wall = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
    if (now() - before > Millis{1} && tries < kTries) continue;
    return wall.time_since_epoch() - before.time_since_epoch();
  }
}

// Tests have one of their own.
using WallClock = Millis (*)() noexcept;
// Whether a clock that was so far ahead has been set since. What it is slewed by adds up.
inline bool was_set(Millis before, Millis ahead) noexcept {
  constexpr Millis kTolerance{20};
  return std::chrono::abs(ahead - before) >= kTolerance;
}

}  // namespace wsflow::base
