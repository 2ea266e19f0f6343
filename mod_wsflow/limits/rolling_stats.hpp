#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::limits {

// Counts spans of time, in classes that grow by about a fifth (four to an octave): 1 ms to a week.
struct Histogram {
  static constexpr std::size_t kClasses = 120;

  void add(Micros span) noexcept;
  void add(const Histogram& other) noexcept;
  std::uint64_t count() const noexcept;
  // The span below which `share` (0 to 1) of all lie, by nearest rank: the geometric middle of the class that
  // has rank ceil(share * count), but at most `longest`. Off by a tenth at most; 0 if there are none.
  Micros quantile(double share) const noexcept;
  static std::size_t class_of(Micros span) noexcept;
  // Upper bound of a class.
  static Micros bound(std::size_t index) noexcept;

  std::array<std::uint32_t, kClasses> counts;
  Micros longest;
};

// The events at one limit within one span of time.
struct SpanStats {
  Micros start;
  std::uint64_t arrivals;
  std::uint64_t admitted;
  std::uint64_t refused;
  std::uint64_t released;
  Micros held_us;  // of the released, in sum
  Histogram held;
  double inside_us;    // permits that were held, times microseconds
  std::uint32_t most;  // that were held or waited for, at a time
};

// The last minute, in a ring of spans. Zeroed is empty.
struct RollingStats {
  static constexpr std::size_t kCount = 6;
  static constexpr Micros kSpan = 10'000'000;

  // The span of `now`; it may replace the oldest one.
  SpanStats& at(Micros now) noexcept;
  // When the oldest span began.
  static Micros oldest(Micros now) noexcept;
  // The sum of the last kCount spans, which starts with the oldest of them.
  SpanStats last(Micros now) const noexcept;

  Micros began;  // when counting began
  SpanStats ring[kCount];
};

}  // namespace wsflow::limits
