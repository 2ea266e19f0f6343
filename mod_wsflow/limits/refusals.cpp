#include "mod_wsflow/limits/refusals.hpp"

#include <iterator>
#include <numeric>

#include "mod_wsflow/limits/lock.hpp"

namespace wsflow::limits {

std::optional<std::uint64_t> refusals(Control& control) noexcept {
  constexpr Micros kPatience = 20'000;
  const Lock lock(control.table(), control.bells(), kPatience);
  if (!lock) return std::nullopt;
  std::uint64_t sum = 0;
  for (const auto& limit : control.table().limits) {
    if (limit.used != Limit::kFree)
      sum = std::accumulate(std::begin(limit.refused), std::end(limit.refused), sum);
  }
  return sum;
}

}  // namespace wsflow::limits
