#include "mod_wsflow/limits/permits.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/recoverable.hpp"
#include "mod_wsflow/limits/wait_list.hpp"

namespace wsflow::limits {

namespace {

// So many failures in a row are an outage; when it is over, the rate grows anew.
constexpr std::uint32_t kOutage = 10;

LimitRecord& limit_of(Table& table, const Entry& entry) noexcept {
  return table.limits[entry.limit - 1];
}

Index take_permit(Table& table) noexcept {
  if (const auto index = table.free_permit; index != 0) {
    table.free_permit = table.permits[index - 1].next;
    return index;
  }
  return table.permits_seen < kPermits ? ++table.permits_seen : 0;
}

Index take_waiter(Table& table) noexcept {
  if (const auto index = table.free_waiter; index != 0) {
    table.free_waiter = table.waiters[index - 1].next;
    return index;
  }
  return table.waiters_seen < kWaiters ? ++table.waiters_seen : 0;
}

// All of it but its state.
void fill(PermitRecord& permit, const Claim& claim, Index waiter, Micros now) noexcept {
  permit.owner = claim.owner;
  permit.since = now;
  permit.failed.store(0, std::memory_order_relaxed);
  permit.waiter = waiter;
  std::fill_n(permit.entries, kPerRequest, 0);
  std::copy(claim.entries.begin(), claim.entries.end(), permit.entries);
}

void count_admission(Table& table, std::span<const Index> entries, Micros now) noexcept {
  for (const auto index : entries) {
    wake_entry(table, index);
    auto& entry = table.entries[index - 1];
    auto& limit = limit_of(table, entry);
    pass_time(limit, now);
    limit.load.stays.come(true, now);
    entry.peak = std::max(entry.peak, ++entry.in_use);
    limit.peak = std::max(limit.peak, ++limit.in_use);
    limit.busiest = std::max(limit.busiest, entry.in_use);
    ++entry.admitted;
    ++limit.admitted;
    ++limit.rolling.at(now).admitted;
    if (limit.now.rate == 0) continue;
    // What only passed because of dry-run costs as little as if it had been refused.
    const auto pace = gcra_of(limit, now);
    if (pace.next(entry.arrival) <= now) entry.arrival = pace.admit(entry.arrival, now);
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

// Takes a waiter, whose permit has waited since `since`, and does not any more, out of all that counts it.
void forget_waiter(Table& table, Index index, const PermitRecord& permit, Micros since, Micros now,
                   bool admitted) noexcept {
  auto& waiter = table.waiters[index - 1];
  commit(waiter.permit, Index{0});
  if (waiter.at != 0) delist(table, index);
  table.threads_waiting -= waiter.holds_thread;
  const auto entries = entries_of(permit);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto& entry = table.entries[entries[i] - 1];
    --entry.wanted;
    if ((waiter.short_of >> i & 1U) != 0) {
      auto& limit = limit_of(table, entry);
      pass_time(limit, now);
      --entry.waiting;
      --limit.waiting;
      // That its process noticed it later is not the limit's wait.
      limit.waits.add(std::min(now - since, limit.defined.acquire));
      if (admitted) ++limit.waited;
    }
    rest_entry(table, entries[i]);
  }
  free_waiter(table, index);
}

}  // namespace

void pass_time(LimitRecord& limit, Micros now) noexcept {
  advance(limit.load, limit.rolling, {.held = limit.in_use, .waiting = limit.waiting}, now);
}

Gcra gcra_of(const LimitRecord& limit, Micros now) noexcept {
  return {limit.now.rate * ramp_share(limit.ramp_started, limit.defined.ramp, now), limit.now.burst};
}

void quicken(Table& table, std::uint32_t number, double before, Micros now) noexcept {
  const auto& limit = table.limits[number];
  const auto pace = gcra_of(limit, now);
  if (before == 0 || (pace.rate != 0 && pace.rate <= before)) return;
  for (Index index = 1; index <= table.entries_seen; ++index) {
    auto& entry = table.entries[index - 1];
    if (entry.limit != number + 1 || entry.arrival <= now) continue;
    entry.arrival = pace.rate != 0 ? pace.convert(entry.arrival, before, now) : now;
  }
}

void forgive(Table& table, Index index, Micros now) noexcept {
  auto& entry = table.entries[index - 1];
  const auto& limit = limit_of(table, entry);
  if (limit.now.rate == 0 || entry.arrival <= now ||
      ramp_share(limit.ramp_started, limit.defined.ramp, now) < 1)
    return;
  entry.arrival = gcra_of(limit, now).forgive(entry.arrival, now);
}

Index hold(Table& table, const Claim& claim, Micros now) noexcept {
  const auto index = take_permit(table);
  if (index == 0) return 0;
  auto& permit = table.permits[index - 1];
  fill(permit, claim, 0, now);
  commit(permit, PermitState::held);
  count_admission(table, claim.entries, now);
  return index;
}

Index wait(Table& table, const Claim& claim, Micros now) noexcept {
  const auto number = take_waiter(table);
  if (number == 0) return 0;
  const auto index = take_permit(table);
  if (index == 0) {
    free_waiter(table, number);
    return 0;
  }
  auto& permit = table.permits[index - 1];
  auto& waiter = table.waiters[number - 1];
  waiter = {};
  waiter.ticket = ++table.next_ticket;
  waiter.short_of = claim.short_of;
  waiter.holds_thread = claim.on_thread ? 1 : 0;
  fill(permit, claim, number, now);
  commit(waiter.permit, index);
  commit(permit, PermitState::waiting);
  table.threads_waiting += waiter.holds_thread;
  for (std::size_t i = 0; i < claim.entries.size(); ++i) {
    wake_entry(table, claim.entries[i]);
    auto& entry = table.entries[claim.entries[i] - 1];
    ++entry.wanted;
    if ((claim.short_of >> i & 1U) == 0) continue;
    auto& limit = limit_of(table, entry);
    pass_time(limit, now);
    ++entry.waiting;
    ++limit.waiting;
  }
  enlist(table, claim.entries[static_cast<std::size_t>(std::countr_zero(claim.short_of))], number);
  return index;
}

bool can_wait(const Table& table) noexcept {
  return table.free_waiter != 0 || table.waiters_seen < kWaiters;
}

bool grant(Table& table, Index waiter, Micros now) noexcept {
  const auto index = table.waiters[waiter - 1].permit;
  auto& permit = table.permits[index - 1];
  auto expected = static_cast<std::uint32_t>(PermitState::waiting);
  if (!permit.state.compare_exchange_strong(expected, static_cast<std::uint32_t>(PermitState::held)))
    return false;
  permit.waiter = 0;
  const auto since = std::exchange(permit.since, now);
  // First, so that no entry looks idle in between.
  count_admission(table, entries_of(permit), now);
  forget_waiter(table, waiter, permit, since, now, true);
  return true;
}

Index end_wait(Table& table, Index index, Micros now) noexcept {
  auto& permit = table.permits[index - 1];
  const auto waiter = permit.waiter;
  const auto at = table.waiters[waiter - 1].at;
  commit(permit, PermitState::free);
  permit.waiter = 0;
  forget_waiter(table, waiter, permit, permit.since, now, false);
  free_permit(table, index);
  return at;
}

void end_hold(Table& table, Index index, Micros now) noexcept {
  auto& permit = table.permits[index - 1];
  const auto held = std::max<Micros>(now - permit.since, 0);
  const bool failed = permit.failed.load(std::memory_order_relaxed) != 0;
  commit(permit, PermitState::free);
  for (const auto each : entries_of(permit)) {
    auto& entry = table.entries[each - 1];
    auto& limit = limit_of(table, entry);
    pass_time(limit, now);
    leave(limit.load, permit.since, now);
    --entry.in_use;
    --limit.in_use;
    count_release(limit, held, failed, now);
    rest_entry(table, each);
  }
  free_permit(table, index);
}

void free_permit(Table& table, Index index) noexcept {
  table.permits[index - 1].next = std::exchange(table.free_permit, index);
}

void free_waiter(Table& table, Index index) noexcept {
  table.waiters[index - 1].next = std::exchange(table.free_waiter, index);
}

}  // namespace wsflow::limits
