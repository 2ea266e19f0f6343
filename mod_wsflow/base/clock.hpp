#pragma once

#include <chrono>

namespace wsflow::base {

using Millis = std::chrono::milliseconds;

// A moment of the monotonic clock, in milliseconds. Code that depends on time takes the moment as an
// argument, so that tests can choose it.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Millis>;

inline Instant now() noexcept {
  return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now());
}

}  // namespace wsflow::base
