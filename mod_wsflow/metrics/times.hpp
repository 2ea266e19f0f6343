#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace wsflow::metrics {

// How times are kept: one counter for each bucket, then one for their sum. A time belongs to the first bucket
// whose bound is not less than it; the last bucket has no bound.
struct Times {
  std::span<const std::uint32_t> bounds;
  std::uint32_t bound;   // unit of the bounds, in the unit of the times and their sum
  std::uint32_t second;  // a second, in the unit of the times
  constexpr std::size_t buckets() const noexcept { return bounds.size() + 1; }
  constexpr std::size_t counters() const noexcept { return bounds.size() + 2; }
};
constexpr std::size_t bucket(const Times& times, std::uint64_t value) noexcept {
  std::size_t index = 0;
  while (index < times.bounds.size() && std::uint64_t{times.bounds[index]} * times.bound < value) ++index;
  return index;
}

inline constexpr std::uint32_t kRttBounds[] = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000};
inline constexpr Times kRtt{kRttBounds, 1, 1000};  // ms, in ms
inline constexpr std::size_t kRttBuckets = kRtt.buckets();
inline constexpr std::size_t kRttCounters = kRtt.counters();
inline constexpr std::uint32_t kHandshakeBounds[] = {
    1, 2, 3, 5, 7, 10, 15, 25, 50, 75, 100, 150, 250, 500, 1000, 2500, 5000, 10'000, 20'000, 30'000};
inline constexpr Times kHandshakes{kHandshakeBounds, 1000, 1'000'000};  // ms, in us
inline constexpr std::size_t kHandshakeBuckets = kHandshakes.buckets();
inline constexpr std::uint32_t kLifetimeBounds[] = {1,   2,    5,    10,   30,     60,     120,   300,
                                                    600, 1800, 3600, 7200, 14'400, 28'800, 86'400};
inline constexpr Times kLifetimes{kLifetimeBounds, 1000, 1000};  // seconds, in ms
// Operators write some of these bounds as acquire=. The last bound is its greatest value.
inline constexpr std::uint32_t kWaitBounds[] = {1,    2,    5,    10,   25,     50,     100,    250,   500,
                                                1000, 2000, 3000, 5000, 10'000, 20'000, 30'000, 60'000};
inline constexpr Times kWaits{kWaitBounds, 1000, 1'000'000};  // ms, in us

}  // namespace wsflow::metrics
