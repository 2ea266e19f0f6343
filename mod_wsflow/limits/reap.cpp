#include "mod_wsflow/limits/reap.hpp"

#include <algorithm>

#include "mod_wsflow/limits/grant.hpp"
#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/limits/recoverable.hpp"

namespace wsflow::limits {

bool reap(Table& shared, const SlotWakeups& wakeups, std::uint32_t slot, Micros patience) noexcept {
  // Requests pass in between.
  constexpr std::uint32_t kAtOnce = 4096;
  for (std::uint32_t done = 0;;) {
    Lock lock(shared, wakeups, patience);
    if (!lock) return false;
    const auto table = lock.table();
    const auto end = std::min(done + kAtOnce, table->permits_seen);
    const auto time = now();
    for (auto i = done; i < end; ++i) {
      const auto ref = PermitRef::of(i);
      if (table[ref].owner == slot + 1 && state_of(table[ref]) != PermitState::free)
        give_back(table, lock, ref, time);
    }
    if (end == table->permits_seen) {
      // Another process speaks with the cluster's database from here on.
      if (table->cluster.worker == slot + 1) table->cluster.worker = 0;
      return true;
    }
    done = end;
  }
}

}  // namespace wsflow::limits
