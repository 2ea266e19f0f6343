#include "mod_wsflow/limits/permits.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/recoverable.hpp"
#include "mod_wsflow/limits/shared_keys.hpp"
#include "mod_wsflow/limits/wait_list.hpp"

namespace wsflow::limits {

namespace {

// So many failures in a row are an outage; when it is over, the rate grows anew.
constexpr std::uint32_t kOutage = 10;

PermitRef take_permit(LockedTable table) noexcept {
  if (const auto ref = table->free_permit) {
    table->free_permit = table[ref].next;
    return ref;
  }
  return table->permits_seen < kPermits ? PermitRef::of(table->permits_seen++) : PermitRef();
}

WaiterRef take_waiter(LockedTable table) noexcept {
  if (const auto ref = table->free_waiter) {
    table->free_waiter = table[ref].next;
    return ref;
  }
  return table->waiters_seen < kWaiters ? WaiterRef::of(table->waiters_seen++) : WaiterRef();
}

// Writes all of a permit but its state.
void fill(PermitRecord& permit, const Claim& claim, WaiterRef waiter, Micros now) noexcept {
  permit.owner = claim.owner;
  permit.since = now;
  permit.end.store(0, std::memory_order_relaxed);
  permit.waiter = waiter;
  std::fill_n(permit.entries, kPerRequest, EntryRef());
  std::copy(claim.entries.begin(), claim.entries.end(), permit.entries);
}

void count_admission(LockedTable table, std::span<const EntryRef> entries, Micros now) noexcept {
  for (const auto ref : entries) {
    wake_entry(table, ref);
    auto& entry = table[ref];
    auto& limit = table[entry.limit];
    pass_time(limit, now);
    limit.load.stays.come(true, now);
    entry.peak = std::max(entry.peak, ++entry.in_use);
    limit.peak = std::max(limit.peak, ++limit.in_use);
    limit.busiest = std::max(limit.busiest, entry.in_use);
    ++entry.admitted;
    ++limit.admitted;
    ++limit.rolling.at(now).admitted;
    key_held(table, ref);
    if (limit.now.rate == 0) continue;
    // A request that passes only because of dry-run costs nothing, as if it had been refused.
    const auto pace = gcra_of(table, ref, now);
    if (pace.rate > 0 && pace.next(entry.arrival) <= now) entry.arrival = pace.admit(entry.arrival, now);
  }
}

void count_release(LimitRecord& limit, Micros held, bool failed, Micros now) noexcept {
  auto& window = limit.rolling.at(now);
  ++window.released;
  window.held_us += held;
  window.held.add(held);
  ++limit.released;
  limit.held_us += static_cast<std::uint64_t>(held);
  if (failed) {
    ++limit.failures;
  } else if (std::exchange(limit.failures, 0) >= kOutage) {
    limit.ramp_started = now;
  }
}

// A penalty begins.
void bar(Entry& entry, const LimitRecord& limit, Micros now) noexcept {
  if (limit.defined.penalty != 0)
    entry.barred_until = static_cast<std::uint32_t>((now + limit.defined.penalty + kSecond - 1) / kSecond);
}

// Takes a waiter out of all counts and lists: its permit has waited since `since`, and waits no longer.
void forget_waiter(LockedTable table, WaiterRef ref, const PermitRecord& permit, Micros since, Micros now,
                   bool admitted) noexcept {
  auto& waiter = table[ref];
  commit(waiter.permit, PermitRef());
  if (waiter.at) delist(table, ref);
  table->threads_waiting -= waiter.holds_thread;
  const auto entries = entries_of(permit);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto& entry = table[entries[i]];
    --entry.wanted;
    if ((waiter.short_of >> i & 1U) != 0) {
      auto& limit = table[entry.limit];
      pass_time(limit, now);
      --entry.waiting;
      --limit.waiting;
      // The wait ends here, however late its process notices.
      const auto most = (waiter.asks >> i & 1U) != 0 ? table->cluster.keys.patience : limit.defined.acquire;
      limit.waits.add(std::min(now - since, most));
      if (admitted) ++limit.waited;
    }
    rest_entry(table, entries[i]);
  }
  free_waiter(table, ref);
}

}  // namespace

void pass_time(LimitRecord& limit, Micros now) noexcept {
  advance(limit.load, limit.rolling, {.held = limit.in_use, .waiting = limit.waiting}, now);
}

Gcra own_gcra(const LimitRecord& limit, Micros now) noexcept {
  return {.rate = limit.now.rate * ramp_share(limit.ramp_started, limit.defined.ramp, now),
          .burst = limit.now.burst};
}

Gcra gcra_of(LockedTable table, EntryRef entry, Micros now) noexcept {
  const auto& limit = table[table[entry].limit];
  if (!is_shared(limit.defined)) return own_gcra(limit, now);
  auto pace = usable_of(table, entry, boot_time()).pace;
  pace.rate *= ramp_share(limit.ramp_started, limit.defined.ramp, now);
  return pace;
}

void quicken(LockedTable table, LimitNumber limit, double before, Micros now) noexcept {
  if (is_shared(table[limit].defined)) return;  // its pace is that of the share
  const auto pace = own_gcra(table[limit], now);
  if (before == 0 || (pace.rate != 0 && pace.rate <= before)) return;
  for (std::uint32_t i = 0; i < table->entries_seen; ++i) {
    auto& entry = table[EntryRef::of(i)];
    if (entry.limit != limit || entry.arrival <= now) continue;
    entry.arrival = pace.rate != 0 ? pace.convert(entry.arrival, before, now) : now;
  }
}

void forgive(LockedTable table, EntryRef ref, Micros now) noexcept {
  auto& entry = table[ref];
  const auto& limit = table[entry.limit];
  if (limit.now.rate == 0 || entry.arrival <= now ||
      ramp_share(limit.ramp_started, limit.defined.ramp, now) < 1)
    return;
  const auto pace = gcra_of(table, ref, now);
  if (pace.rate > 0) entry.arrival = pace.forgive(entry.arrival, now);
}

PermitRef hold(LockedTable table, const Claim& claim, Micros now) noexcept {
  const auto ref = take_permit(table);
  if (!ref) return {};
  auto& permit = table[ref];
  fill(permit, claim, {}, now);
  commit(permit, PermitState::held);
  count_admission(table, claim.entries, now);
  return ref;
}

PermitRef wait(LockedTable table, const Claim& claim, Micros now) noexcept {
  const auto waiter_ref = take_waiter(table);
  if (!waiter_ref) return {};
  const auto ref = take_permit(table);
  if (!ref) {
    free_waiter(table, waiter_ref);
    return {};
  }
  auto& permit = table[ref];
  auto& waiter = table[waiter_ref];
  waiter = {};
  waiter.ticket = ++table->next_ticket;
  waiter.short_of = claim.short_of;
  waiter.holds_thread = claim.on_thread ? 1 : 0;
  waiter.asks = claim.asks;
  fill(permit, claim, waiter_ref, now);
  commit(waiter.permit, ref);
  commit(permit, PermitState::waiting);
  table->threads_waiting += waiter.holds_thread;
  for (std::size_t i = 0; i < claim.entries.size(); ++i) {
    wake_entry(table, claim.entries[i]);
    auto& entry = table[claim.entries[i]];
    ++entry.wanted;
    if ((claim.short_of >> i & 1U) == 0) continue;
    auto& limit = table[entry.limit];
    pass_time(limit, now);
    ++entry.waiting;
    ++limit.waiting;
  }
  enlist(table, claim.entries[static_cast<std::size_t>(std::countr_zero(claim.short_of))], waiter_ref);
  return ref;
}

bool can_wait(LockedTable table) noexcept {
  return table->free_waiter || table->waiters_seen < kWaiters;
}

bool grant(LockedTable table, WaiterRef ref, Micros now) noexcept {
  auto& permit = table[table[ref].permit];
  auto expected = static_cast<std::uint32_t>(PermitState::waiting);
  if (!permit.state.compare_exchange_strong(expected, static_cast<std::uint32_t>(PermitState::held)))
    return false;
  permit.waiter = {};
  const auto since = std::exchange(permit.since, now);
  // Before forget_waiter(), so that no entry looks idle in between.
  count_admission(table, entries_of(permit), now);
  forget_waiter(table, ref, permit, since, now, true);
  return true;
}

EntryRef end_wait(LockedTable table, PermitRef ref, Micros now) noexcept {
  auto& permit = table[ref];
  const auto waiter = permit.waiter;
  const auto at = table[waiter].at;
  commit(permit, PermitState::free);
  permit.waiter = {};
  forget_waiter(table, waiter, permit, permit.since, now, false);
  free_permit(table, ref);
  return at;
}

void end_hold(LockedTable table, PermitRef ref, Micros now) noexcept {
  auto& permit = table[ref];
  const auto held = std::max<Micros>(now - permit.since, 0);
  const auto end = static_cast<HoldEnd>(permit.end.load(std::memory_order_relaxed));
  commit(permit, PermitState::free);
  for (const auto each : entries_of(permit)) {
    auto& entry = table[each];
    auto& limit = table[entry.limit];
    pass_time(limit, now);
    leave(limit.load, permit.since, now);
    --entry.in_use;
    --limit.in_use;
    count_release(limit, held, end == HoldEnd::failed, now);
    if (end == HoldEnd::policy) bar(entry, limit, now);
    rest_entry(table, each);
  }
  free_permit(table, ref);
}

void free_permit(LockedTable table, PermitRef ref) noexcept {
  table[ref].next = std::exchange(table->free_permit, ref);
}

void free_waiter(LockedTable table, WaiterRef ref) noexcept {
  table[ref].next = std::exchange(table->free_waiter, ref);
}

}  // namespace wsflow::limits
