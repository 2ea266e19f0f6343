#include "mod_wsflow/limits/repair.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/grant.hpp"
#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/limits/permits.hpp"
#include "mod_wsflow/limits/recoverable.hpp"
#include "mod_wsflow/limits/wait_list.hpp"

namespace wsflow::limits {

namespace {

void clear_counts(Table& table) noexcept {
  for (auto& limit : table.limits) {
    limit.in_use = limit.waiting = limit.keys = 0;
    limit.idlest = limit.newest_idle = 0;
  }
  std::fill(std::begin(table.buckets), std::end(table.buckets), 0);
  table.threads_waiting = 0;
  table.free_entry = table.free_permit = table.free_waiter = 0;
}

// Downwards, so that the lowest are the next to be taken, as before.

void find_entries(Table& table) noexcept {
  for (auto index = table.entries_seen; index != 0; --index) {
    auto& entry = table.entries[index - 1];
    entry.in_use = entry.waiting = entry.wanted = 0;
    entry.list = {};
    if (entry.limit != 0) {
      link_entry(table, index);
    } else {
      entry.next = table.free_entry;
      table.free_entry = index;
    }
  }
}

// Those that wait are found by their waiters.
void find_permits(Table& table) noexcept {
  for (auto index = table.permits_seen; index != 0; --index) {
    auto& permit = table.permits[index - 1];
    auto state = state_of(permit);
    if (state == PermitState::returned) {
      state = PermitState::free;
      commit(permit, state);
    }
    if (state == PermitState::free) free_permit(table, index);
    if (state != PermitState::held) continue;
    permit.waiter = 0;
    for (const auto each : entries_of(permit)) {
      auto& entry = table.entries[each - 1];
      ++entry.in_use;
      ++table.limits[entry.limit - 1].in_use;
    }
  }
}

bool waits(const Table& table, Index index) noexcept {
  const auto number = table.waiters[index - 1].permit;
  if (number == 0) return false;
  const auto& permit = table.permits[number - 1];
  const auto state = state_of(permit);
  // It may be withdrawn just now: then it is collected later.
  return permit.waiter == index && (state == PermitState::waiting || state == PermitState::returned);
}

// A list of those that wait, first come first.
std::span<const Index> find_waiters(Table& table, std::array<Index, kWaiters>& space) noexcept {
  auto* end = space.data();
  for (auto index = table.waiters_seen; index != 0; --index) {
    if (waits(table, index)) {
      *end++ = index;
    } else {
      commit(table.waiters[index - 1].permit, Index{0});
      free_waiter(table, index);
    }
  }
  std::sort(space.data(), end,
            [&](Index a, Index b) { return table.waiters[a - 1].ticket < table.waiters[b - 1].ticket; });
  return {space.data(), end};
}

void count(Table& table, Index index, Micros now) noexcept {
  const auto& waiter = table.waiters[index - 1];
  const auto& permit = table.permits[waiter.permit - 1];
  const auto entries = entries_of(permit);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto& entry = table.entries[entries[i] - 1];
    ++entry.wanted;
    if ((waiter.short_of >> i & 1U) == 0) continue;
    ++entry.waiting;
    ++table.limits[entry.limit - 1].waiting;
  }
  table.threads_waiting += waiter.holds_thread;
  const auto at = blocked_at(table, permit, now);
  enlist(table, at != 0 ? at : entries.front(), index);
}

}  // namespace

void repair(Table& table, Lock& lock) noexcept {
  constexpr std::uint32_t kAllSlots = SlotWakeups::kCount;
  const auto time = now();
  std::array<Index, kWaiters> space;
  clear_counts(table);
  find_entries(table);
  find_permits(table);
  const auto waiting = find_waiters(table, space);
  for (const auto each : waiting) count(table, each, time);
  for (auto index = table.entries_seen; index != 0; --index) {
    if (table.entries[index - 1].limit != 0) rest_entry(table, index);
  }
  for (const auto each : waiting) {
    if (const auto& waiter = table.waiters[each - 1]; waiter.permit != 0)
      grant_entry(table, lock, waiter.at, time);
  }
  // Whom the dead process has granted something, it may not have told.
  for (std::uint32_t slot = 0; slot < kAllSlots; ++slot) lock.ring(slot);
}

}  // namespace wsflow::limits
