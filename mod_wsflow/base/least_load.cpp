#include "mod_wsflow/base/least_load.hpp"

#include <algorithm>

namespace wsflow::base {

namespace {

std::uint64_t weight_of(const Candidate& candidate) noexcept {
  return std::max<std::uint64_t>(candidate.weight, 1);
}

// Less than 0 if `one` has less load in relation to its weight, 0 if both have the same. No product
// overflows: a weight has 32 bits, and so has a load that is real.
int compare(const Candidate& one, const Candidate& other) noexcept {
  constexpr std::uint64_t kMost = UINT32_MAX;
  const auto left = std::min(one.load, kMost) * weight_of(other);
  const auto right = std::min(other.load, kMost) * weight_of(one);
  return left < right ? -1 : static_cast<int>(left > right);
}

}  // namespace

std::size_t choose(std::span<const Candidate> candidates, const SlowStart& slow_start,
                   std::uint64_t random) noexcept {
  std::uint64_t all = 0;
  for (const auto& each : candidates) all += weight_of(each);
  const auto bound = [&](const Candidate& each) {
    return slow_start.bound(each.since, static_cast<double>(weight_of(each)) / static_cast<double>(all));
  };
  // Shares are in relation to the greatest one: if all candidates begin slowly, somebody takes the request.
  double greatest = 0;
  for (const auto& each : candidates) greatest = std::max(greatest, bound(each));
  constexpr double kRange = 4294967296.0;  // of one half of `random`
  const auto barrier = greatest * static_cast<double>(random >> 32U) / kRange;
  const auto may = [&](const Candidate& each) { return bound(each) > barrier; };

  const Candidate* best = nullptr;
  for (const auto& each : candidates) {
    if (may(each) && (best == nullptr || compare(each, *best) < 0)) best = &each;
  }
  if (best == nullptr) return 0;
  std::uint64_t equals = 0;
  const auto is_equal = [&](const Candidate& each) { return may(each) && compare(each, *best) == 0; };
  for (const auto& each : candidates) equals += is_equal(each) ? weight_of(each) : 0;
  auto ticket = (random & UINT32_MAX) * equals >> 32U;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (!is_equal(candidates[i])) continue;
    const auto weight = weight_of(candidates[i]);
    if (ticket < weight) return i;
    ticket -= weight;
  }
  return static_cast<std::size_t>(best - candidates.data());
}

}  // namespace wsflow::base
