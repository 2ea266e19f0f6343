#pragma once

#include <cstdint>

#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::limits {

// concurrency=auto: seeks the number of permits at which requests get their first byte (tunnels: their 101)
// about as fast as they do with little load. In the shared memory; zeroed is its start.
struct Gradient {
  enum class Why : std::uint8_t {
    none,    // has not decided yet
    idle,    // too few requests, or the permits are not needed: left as it is
    steady,  // no slower than usual: may grow
    slower,  // slower than usual: shrinks
  };

  // One request had its first byte `span` after its permit.
  void sample(Micros span) noexcept;
  // Decides once a second: the new concurrency, between `least` and `most`. `in_use` is the most that was in
  // use since the last decision, which was at `decided`.
  std::uint32_t decide(std::uint32_t concurrency, std::uint32_t least, std::uint32_t most,
                       std::uint32_t in_use, Micros now) noexcept;

  static constexpr Micros kInterval = 1'000'000;

  Micros decided;        // when
  Why why;               // of the last decision that is due to samples, or idle
  std::uint32_t before;  // of the last decision
  std::uint32_t after;
  double usual;           // microseconds to the first byte with little load
  double recent;          // of the last few intervals
  double ratio;           // usual to recent, as far as it counted
  std::uint64_t samples;  // of this interval
  Micros sum;
  bool guessed;         // `usual` is: there was load from the start
  std::uint32_t tried;  // the concurrency since which it shrinks, and what `recent` was with it
  double tried_recent;
};
const char* name(Gradient::Why why) noexcept;

}  // namespace wsflow::limits
