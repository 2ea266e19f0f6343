#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace wsflow::load {

// Counts of times, in microseconds. Up to 255 us each value has a bucket of its own; beyond, each power of
// two has 128 buckets of equal width. So a quantile is never less than the true one, and at most 1/128
// (0.8 %) more. The least and the greatest value are exact.
class Histogram {
 public:
  // Greater values count as this one: 71 minutes.
  static constexpr std::uint64_t kMost = (1ULL << 32U) - 1;

  Histogram();
  void add(std::uint64_t us) noexcept;
  void clear() noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t least() const noexcept { return count_ == 0 ? 0 : least_; }
  std::uint64_t most() const noexcept { return most_; }
  // The smallest value that at least `share` (0 to 1) of all values do not exceed; 0 if there are none.
  std::uint64_t quantile(double share) const noexcept;

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t least_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t most_ = 0;
};

}  // namespace wsflow::load
