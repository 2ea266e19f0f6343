#include "mod_wsflow/programs/load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wsflow::load {

namespace {

constexpr unsigned kBits = 7;  // 128 buckets for each power of two
constexpr std::uint64_t kExact = 1ULL << (kBits + 1);
constexpr unsigned kPowers = 32 - kBits - 1;
constexpr std::size_t kBuckets = kExact + (std::size_t{kPowers} << kBits);

std::size_t bucket_of(std::uint64_t us) noexcept {
  if (us < kExact) return static_cast<std::size_t>(us);
  const auto shift = static_cast<unsigned>(std::bit_width(us)) - 1 - kBits;  // 1 or more
  // us >> shift is from 128 to 255.
  return static_cast<std::size_t>(kExact + ((shift - 1) << kBits) + (us >> shift) - (1U << kBits));
}

// The greatest value of a bucket.
std::uint64_t end_of(std::size_t bucket) noexcept {
  if (bucket < kExact) return bucket;
  const auto above = bucket - kExact;
  const auto shift = static_cast<unsigned>(above >> kBits) + 1;
  const auto digits = (above & ((1U << kBits) - 1)) + (1U << kBits);
  return ((digits + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : counts_(kBuckets) {}

void Histogram::add(std::uint64_t us) noexcept {
  us = std::min(us, kMost);
  ++counts_[bucket_of(us)];
  ++count_;
  least_ = std::min(least_, us);
  most_ = std::max(most_, us);
}

void Histogram::clear() noexcept {
  if (count_ == 0) return;
  std::fill(counts_.begin() + static_cast<std::ptrdiff_t>(bucket_of(least_)),
            counts_.begin() + static_cast<std::ptrdiff_t>(bucket_of(most_)) + 1, 0);
  count_ = most_ = 0;
  least_ = std::numeric_limits<std::uint64_t>::max();
}

std::uint64_t Histogram::quantile(double share) const noexcept {
  if (count_ == 0) return 0;
  const auto wanted =
      std::clamp(std::ceil(share * static_cast<double>(count_)), 1.0, static_cast<double>(count_));
  double passed = 0;
  for (std::size_t bucket = bucket_of(least_); bucket < counts_.size(); ++bucket) {
    passed += static_cast<double>(counts_[bucket]);
    if (passed >= wanted) return std::min(end_of(bucket), most_);
  }
  return most_;
}

}  // namespace wsflow::load
