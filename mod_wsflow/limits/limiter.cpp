#include "mod_wsflow/limits/limiter.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "mod_wsflow/limits/count_refusal.hpp"
#include "mod_wsflow/limits/deferred_release.hpp"
#include "mod_wsflow/limits/grant.hpp"
#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/limits/permits.hpp"
#include "mod_wsflow/limits/recoverable.hpp"
#include "mod_wsflow/os/random.hpp"

namespace wsflow::limits {

namespace {

// Says without the lock that a permit is given back, if its state is still `from`.
bool hand_back(Table& table, Index permit, PermitState from) noexcept {
  auto expected = static_cast<std::uint32_t>(from);
  if (!table.permits[permit - 1].state.compare_exchange_strong(
          expected, static_cast<std::uint32_t>(PermitState::returned)))
    return false;
  announce(table, permit);
  return true;
}

// One more sample of concurrency=auto, and what follows from it.
void adapt(Table& table, Lock& lock, Entry& entry, Micros span, Micros now) noexcept {
  auto& limit = table.limits[entry.limit - 1];
  if (limit.defined.most == 0) return;
  const auto decided = limit.gradient.decided;
  const auto before = limit.now.concurrency;
  limit.gradient.sample(span);
  limit.now.concurrency =
      limit.gradient.decide(before, limit.defined.least, limit.defined.most, limit.busiest, now);
  if (limit.gradient.decided != decided) limit.busiest = entry.in_use;
  if (limit.now.concurrency > before && limit.waiting != 0) grant_limit(table, lock, entry.limit - 1, now);
}

}  // namespace

PermitState Limiter::state(Index permit) const noexcept {
  return state_of(table_.permits[permit - 1]);
}

bool Limiter::withdraw(Index index, LimitReason reason, Micros now, LimitRefusal& refused) noexcept {
  Outlook outlook;
  const auto& permit = table_.permits[index - 1];
  if (Lock lock(table_, wakeups_, Lock::kPatience); lock) {
    if (state_of(permit) != PermitState::waiting) return false;
    const auto at = table_.waiters[permit.waiter - 1].at;
    outlook = refuse(table_, table_.entries[at - 1].limit - 1, at, reason, now, refused);
    give_back(table_, lock, index, now);
  } else {
    if (!hand_back(table_, index, PermitState::waiting)) return false;
    refused = {.limit = table_.entries[permit.entries[0] - 1].limit - 1, .reason = reason, .log = true};
    // Announced: the lock may have become free meanwhile.
    const Lock again(table_, wakeups_, 0);
  }
  refused.retry_after = retry_after(outlook, os::random32());
  return true;
}

Micros Limiter::look_after(std::span<const Index> waiting, Micros now) noexcept {
  // Requests pass in between.
  constexpr std::size_t kAtOnce = 256;
  constexpr Micros kAgain = 1000;
  Micros next = 0;
  const auto sooner = [&next](Micros due) { next = next == 0 ? due : std::min(next, due); };
  for (; !waiting.empty(); waiting = waiting.subspan(std::min(waiting.size(), kAtOnce))) {
    Lock lock(table_, wakeups_, 0);
    if (!lock) {
      sooner(now + kAgain);
      continue;
    }
    for (const auto index : waiting.first(std::min(waiting.size(), kAtOnce))) {
      const auto& permit = table_.permits[index - 1];
      if (state_of(permit) != PermitState::waiting) continue;
      const auto& waiter = table_.waiters[permit.waiter - 1];
      if (!is_short(table_, waiter.at, now)) grant_entry(table_, lock, waiter.at, now);
      if (state_of(permit) != PermitState::waiting || is_full(table_, waiter.at)) continue;
      const auto& entry = table_.entries[waiter.at - 1];
      sooner(std::max(gcra_of(table_.limits[entry.limit - 1], now).next(entry.arrival), now + 1));
    }
  }
  return next;
}

void Limiter::release(Index permit, Micros now) noexcept {
  if (permit == 0) return;
  if (Lock lock(table_, wakeups_, 0); lock) {
    if (state(permit) == PermitState::held) give_back(table_, lock, permit, now);
    return;
  }
  if (!hand_back(table_, permit, PermitState::held)) return;
  // Whoever had the lock may have looked before that.
  const Lock again(table_, wakeups_, 0);
}

void Limiter::first_byte(Index index, Micros now) noexcept {
  if (index == 0) return;
  // A sample less is no loss.
  Lock lock(table_, wakeups_, 0);
  const auto& permit = table_.permits[index - 1];
  if (!lock || state_of(permit) != PermitState::held) return;
  for (const auto each : entries_of(permit)) {
    adapt(table_, lock, table_.entries[each - 1], now - permit.since, now);
  }
}

void Limiter::failed(Index permit) noexcept {
  if (permit != 0) table_.permits[permit - 1].failed.store(1, std::memory_order_relaxed);
}

PermitLease::PermitLease(PermitLease&& other) noexcept
    : limiter_(std::exchange(other.limiter_, nullptr)), permit_(std::exchange(other.permit_, 0)) {}

PermitLease& PermitLease::operator=(PermitLease&& other) noexcept {
  std::swap(limiter_, other.limiter_);
  std::swap(permit_, other.permit_);
  return *this;
}

PermitLease::~PermitLease() {
  if (limiter_ != nullptr) limiter_->release(permit_, now());
}

Micros now() noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace wsflow::limits
