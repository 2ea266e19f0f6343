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
#include "mod_wsflow/limits/shared_keys.hpp"
#include "mod_wsflow/limits/wait_list.hpp"

namespace wsflow::limits {

namespace {

void clear_counts(LockedTable table) noexcept {
  for (auto& limit : table->limits) {
    limit.in_use = limit.waiting = limit.keys = 0;
    limit.idlest = limit.newest_idle = {};
  }
  std::fill(std::begin(table->buckets), std::end(table->buckets), EntryRef());
  table->threads_waiting = 0;
  table->free_entry = {};
  table->free_permit = {};
  table->free_waiter = {};
}

// Each find_ counts down, so that the lowest free record is the next to be taken, as before.

void find_entries(LockedTable table) noexcept {
  for (auto i = table->entries_seen; i-- != 0;) {
    const auto ref = EntryRef::of(i);
    auto& entry = table[ref];
    entry.in_use = entry.waiting = entry.wanted = 0;
    entry.list = {};
    if (entry.limit) {
      link_entry(table, ref);
    } else {
      entry.next = table->free_entry;
      table->free_entry = ref;
    }
  }
}

// Permits that wait are found by their waiters.
void find_permits(LockedTable table) noexcept {
  for (auto i = table->permits_seen; i-- != 0;) {
    const auto ref = PermitRef::of(i);
    auto& permit = table[ref];
    auto state = state_of(permit);
    if (state == PermitState::returned) {
      state = PermitState::free;
      commit(permit, state);
    }
    if (state == PermitState::free) free_permit(table, ref);
    if (state != PermitState::held) continue;
    permit.waiter = {};
    for (const auto each : entries_of(permit)) {
      auto& entry = table[each];
      ++entry.in_use;
      ++table[entry.limit].in_use;
    }
  }
}

bool waits(LockedTable table, WaiterRef ref) noexcept {
  const auto permit_ref = table[ref].permit;
  if (!permit_ref) return false;
  const auto& permit = table[permit_ref];
  const auto state = state_of(permit);
  // `returned`: it was withdrawn, and is collected later.
  return permit.waiter == ref && (state == PermitState::waiting || state == PermitState::returned);
}

// The waiters, first come first.
std::span<const WaiterRef> find_waiters(LockedTable table, std::array<WaiterRef, kWaiters>& space) noexcept {
  auto* end = space.data();
  for (auto i = table->waiters_seen; i-- != 0;) {
    const auto ref = WaiterRef::of(i);
    if (waits(table, ref)) {
      *end++ = ref;
    } else {
      commit(table[ref].permit, PermitRef());
      free_waiter(table, ref);
    }
  }
  std::sort(space.data(), end, [&](WaiterRef a, WaiterRef b) { return table[a].ticket < table[b].ticket; });
  return {space.data(), end};
}

void count(LockedTable table, WaiterRef ref, Micros now) noexcept {
  const auto& waiter = table[ref];
  const auto& permit = table[waiter.permit];
  const auto entries = entries_of(permit);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto& entry = table[entries[i]];
    ++entry.wanted;
    if ((waiter.short_of >> i & 1U) == 0) continue;
    ++entry.waiting;
    ++table[entry.limit].waiting;
  }
  table->threads_waiting += waiter.holds_thread;
  const auto at = blocked_at(table, permit, now);
  enlist(table, at ? at : entries.front(), ref);
}

}  // namespace

void repair(LockedTable table, Lock& lock) noexcept {
  constexpr std::uint32_t kAllSlots = SlotWakeups::kCount;
  const auto time = now();
  std::array<WaiterRef, kWaiters> space;
  clear_counts(table);
  find_entries(table);
  find_permits(table);
  const auto waiting = find_waiters(table, space);
  for (const auto each : waiting) count(table, each, time);
  find_shared_keys(table);
  for (auto i = table->entries_seen; i-- != 0;) {
    if (const auto ref = EntryRef::of(i); table[ref].limit) rest_entry(table, ref);
  }
  for (const auto each : waiting) {
    if (const auto& waiter = table[each]; waiter.permit) grant_entry(table, lock, waiter.at, time);
  }
  // The dead process may have granted something, and not have rung for it.
  for (std::uint32_t slot = 0; slot < kAllSlots; ++slot) lock.ring(slot);
}

}  // namespace wsflow::limits
