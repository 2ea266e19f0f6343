#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::shm {

// A copy of the counters of a process, or of all.
using Counters = std::array<std::uint64_t, kCounterCapacity>;

inline Counters read(const Counter (&counters)[kCounterCapacity]) noexcept {
  Counters result;
  std::transform(std::begin(counters), std::end(counters), result.begin(),
                 [](const Counter& counter) { return counter.load(); });
  return result;
}

// A counter of two processes as one.
constexpr std::uint64_t together(std::size_t counter, std::uint64_t one, std::uint64_t other) noexcept {
  return counter >= kGreatestCounter ? std::max(one, other) : one + other;
}

// What a process that has died has counted: its tunnels that have no outcome are lost with it. They are
// counted here and not taken from `active`, so that it is exact wherever the process was stopped.
inline Counters read_ended(const Counter (&counters)[kCounterCapacity]) noexcept {
  auto result = read(counters);
  std::uint64_t ended = 0;
  for (std::size_t i = 0; i < base::kOutcomes; ++i) ended += result[kEndedCounter + i];
  const auto opened = result[kOpenedCounter];
  result[kLostCounter] += opened > ended ? opened - ended : 0;
  return result;
}

}  // namespace wsflow::shm
