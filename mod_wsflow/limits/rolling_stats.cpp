#include "mod_wsflow/limits/rolling_stats.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wsflow::limits {

namespace {

constexpr std::size_t kPerOctave = 4;
constexpr Micros kFirst = 1000;

Micros start_of(Micros now) noexcept {
  return now / RollingStats::kSpan * RollingStats::kSpan;
}

}  // namespace

std::size_t Histogram::class_of(Micros span) noexcept {
  if (span < kFirst) return 0;
  const auto octave = static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(span / kFirst)) - 1);
  auto index = std::min(octave * kPerOctave + 1, kClasses - 1);
  while (index < kClasses - 1 && span >= bound(index)) ++index;
  return index;
}

Micros Histogram::bound(std::size_t index) noexcept {
  // 1, 2^(1/4), 2^(2/4), 2^(3/4) times 2^16.
  constexpr Micros kSteps[kPerOctave] = {65536, 77936, 92682, 110218};
  return (kFirst * kSteps[index % kPerOctave] << (index / kPerOctave)) >> 16U;
}

void Histogram::add(Micros span) noexcept {
  ++counts[class_of(span)];
  longest = std::max(longest, span);
}

void Histogram::add(const Histogram& other) noexcept {
  for (std::size_t i = 0; i < kClasses; ++i) counts[i] += other.counts[i];
  longest = std::max(longest, other.longest);
}

std::uint64_t Histogram::count() const noexcept {
  std::uint64_t sum = 0;
  for (const auto each : counts) sum += each;
  return sum;
}

Micros Histogram::quantile(double share) const noexcept {
  const auto all = count();
  if (all == 0) return 0;
  const auto rank = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all))), 1, all);
  std::size_t index = 0;
  for (std::uint64_t below = counts[0]; below < rank; below += counts[++index]) {
  }
  // The geometric middle of its class: whatever lies in it is less than a tenth away.
  constexpr double kMiddle = 0.917;  // 2^(-1/8)
  const Micros middle = std::llround(static_cast<double>(bound(index)) * kMiddle);
  return std::min(middle, longest);
}

SpanStats& RollingStats::at(Micros now) noexcept {
  if (began == 0) began = now;
  const auto start = start_of(now);
  auto& window = ring[static_cast<std::size_t>(start / kSpan) % kCount];
  // `now` may lie in an older span: other processes read the clock before they had the lock.
  if (window.start < start) {
    window = SpanStats{};
    window.start = start;
  }
  return window;
}

Micros RollingStats::oldest(Micros now) noexcept {
  return start_of(now) - static_cast<Micros>(kCount - 1) * kSpan;
}

SpanStats RollingStats::last(Micros now) const noexcept {
  const auto oldest = RollingStats::oldest(now);
  SpanStats sum{};
  sum.start = std::max(oldest, began);
  for (const auto& window : ring) {
    if (window.start < oldest) continue;
    sum.arrivals += window.arrivals;
    sum.admitted += window.admitted;
    sum.refused += window.refused;
    sum.released += window.released;
    sum.held_us += window.held_us;
    sum.held.add(window.held);
    sum.inside_us += window.inside_us;
    sum.most = std::max(sum.most, window.most);
  }
  return sum;
}

}  // namespace wsflow::limits
