#include "mod_wsflow/limits/reap.hpp"

#include <algorithm>

#include "mod_wsflow/limits/grant.hpp"
#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/limits/recoverable.hpp"

namespace wsflow::limits {

bool reap(Table& table, const SlotWakeups& wakeups, std::uint32_t slot, Micros patience) noexcept {
  // Requests pass in between.
  constexpr Index kAtOnce = 4096;
  for (Index done = 0;;) {
    Lock lock(table, wakeups, patience);
    if (!lock) return false;
    const auto end = std::min(done + kAtOnce, table.permits_seen);
    const auto time = now();
    for (auto index = done + 1; index <= end; ++index) {
      const auto& permit = table.permits[index - 1];
      if (permit.owner == slot + 1 && state_of(permit) != PermitState::free)
        give_back(table, lock, index, time);
    }
    if (end == table.permits_seen) return true;
    done = end;
  }
}

}  // namespace wsflow::limits
