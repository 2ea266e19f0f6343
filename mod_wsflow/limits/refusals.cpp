#include "mod_wsflow/limits/refusals.hpp"

#include <iterator>
#include <numeric>

#include "mod_wsflow/limits/lock.hpp"

namespace wsflow::limits {

std::optional<std::uint64_t> refusals(Limiter& limiter) noexcept {
  constexpr Micros kPatience = 20'000;
  const Lock lock(limiter.table(), limiter.wakeups(), kPatience);
  if (!lock) return std::nullopt;
  std::uint64_t sum = 0;
  for (const auto& limit : limiter.table().limits) {
    if (limit.used != LimitRecord::kFree)
      sum = std::accumulate(std::begin(limit.refused), std::end(limit.refused), sum);
  }
  return sum;
}

}  // namespace wsflow::limits
