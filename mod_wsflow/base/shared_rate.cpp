#include "mod_wsflow/base/shared_rate.hpp"

#include <algorithm>

namespace wsflow::base {

EndClaim claim_ends(std::atomic<std::int64_t>& last, std::int64_t now, int per_second) noexcept {
  // Accrues at most this much time, so that a process that was held up ends no crowd at once.
  constexpr std::int64_t kMost = 3000;
  auto before = last.load();
  if (before == 0) return {.begins = last.compare_exchange_strong(before, now)};
  const auto thousandths = std::clamp<std::int64_t>(now - before, 0, kMost) * per_second;
  const auto count = thousandths / 1000;
  // The time that the whole ends did not use up counts on.
  const auto rest = thousandths % 1000 / per_second;
  if (count == 0 || !last.compare_exchange_strong(before, now - rest)) return {};
  return {.count = static_cast<std::size_t>(count)};
}

}  // namespace wsflow::base
