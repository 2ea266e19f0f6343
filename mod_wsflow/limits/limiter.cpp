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

// Marks a permit as given back, without the lock, if its state is still `from`.
bool hand_back(Table& table, PermitRef permit, PermitState from) noexcept {
  auto expected = static_cast<std::uint32_t>(from);
  if (!table[permit].state.compare_exchange_strong(expected,
                                                   static_cast<std::uint32_t>(PermitState::returned)))
    return false;
  announce(table, permit);
  return true;
}

// Counts one more sample of concurrency=auto, and puts into force what is decided from it.
void adapt(LockedTable table, Lock& lock, Entry& entry, Micros span, Micros now) noexcept {
  auto& limit = table[entry.limit];
  if (limit.defined.most == 0) return;
  const auto decided = limit.gradient.decided;
  const auto before = limit.now.concurrency;
  limit.gradient.sample(span);
  limit.now.concurrency =
      limit.gradient.decide(before, limit.defined.least, limit.defined.most, limit.busiest, now);
  if (limit.gradient.decided != decided) limit.busiest = entry.in_use;
  if (limit.now.concurrency > before && limit.waiting != 0) grant_limit(table, lock, entry.limit, now);
}

// True: the permit waits at that entry for an answer of the database alone.
bool asks_at(LockedTable table, const PermitRecord& permit, EntryRef at) noexcept {
  const auto entries = entries_of(permit);
  const auto place = std::find(entries.begin(), entries.end(), at) - entries.begin();
  return (table[permit.waiter].asks >> place & 1U) != 0;
}

}  // namespace

PermitState Limiter::state(PermitRef ref) const noexcept {
  return state_of(table_[ref]);
}

bool Limiter::withdraw(PermitRef ref, LimitReason reason, Micros now, LimitRefusal& refused) noexcept {
  Outlook outlook;
  const auto& permit = table_[ref];
  if (Lock lock(table_, wakeups_, Lock::kPatience); lock) {
    if (state_of(permit) != PermitState::waiting) return false;
    const auto table = lock.table();
    const auto at = table[permit.waiter].at;
    if (reason == LimitReason::timeout && asks_at(table, permit, at)) reason = reason_at(table, at);
    outlook = refuse(table, table[at].limit, at, reason, now, refused);
    give_back(table, lock, ref, now);
  } else {
    // An entry that has a waiter keeps its limit.
    const auto limit = table_[permit.entries[0]].limit;
    if (!hand_back(table_, ref, PermitState::waiting)) return false;
    refused = {.limit = limit, .reason = reason, .log = true};
    // The permit is announced now, and the lock may have become free meanwhile.
    const Lock again(table_, wakeups_, 0);
  }
  refused.retry_after = retry_after(outlook, os::random32());
  return true;
}

Micros Limiter::look_after(std::span<const PermitRef> waiting, Micros now,
                           std::vector<PermitRef>* denied) noexcept {
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
    const auto table = lock.table();
    for (const auto ref : waiting.first(std::min(waiting.size(), kAtOnce))) {
      const auto& permit = table[ref];
      if (state_of(permit) != PermitState::waiting) continue;
      const auto& waiter = table[permit.waiter];
      if (denied != nullptr && (waiter.asks & Waiter::kDenied) != 0) {
        denied->push_back(ref);
        continue;
      }
      if (!is_short(table, waiter.at, now)) grant_entry(table, lock, waiter.at, now);
      if (state_of(permit) != PermitState::waiting || is_full(table, waiter.at)) continue;
      const auto& entry = table[waiter.at];
      if (const auto pace = gcra_of(table, waiter.at, now); pace.rate > 0)
        sooner(std::max(pace.next(entry.arrival), now + 1));
    }
  }
  return next;
}

void Limiter::release(PermitRef ref, Micros now) noexcept {
  if (!ref) return;
  if (Lock lock(table_, wakeups_, 0); lock) {
    if (state(ref) == PermitState::held) give_back(lock.table(), lock, ref, now);
    return;
  }
  if (!hand_back(table_, ref, PermitState::held)) return;
  // The holder of the lock may have looked before that.
  const Lock again(table_, wakeups_, 0);
}

void Limiter::first_byte(PermitRef ref, Micros now) noexcept {
  if (!ref) return;
  // A sample less is no loss.
  Lock lock(table_, wakeups_, 0);
  const auto& permit = table_[ref];
  if (!lock || state_of(permit) != PermitState::held) return;
  const auto table = lock.table();
  for (const auto each : entries_of(permit)) adapt(table, lock, table[each], now - permit.since, now);
}

void Limiter::failed(PermitRef ref) noexcept {
  if (ref) table_[ref].end.store(static_cast<std::uint32_t>(HoldEnd::failed), std::memory_order_relaxed);
}

void Limiter::punish(PermitRef ref) noexcept {
  if (ref) table_[ref].end.store(static_cast<std::uint32_t>(HoldEnd::policy), std::memory_order_relaxed);
}

PermitLease::PermitLease(PermitLease&& other) noexcept
    : limiter_(std::exchange(other.limiter_, nullptr)), permit_(std::exchange(other.permit_, PermitRef())) {}

PermitLease& PermitLease::operator=(PermitLease&& other) noexcept {
  std::swap(limiter_, other.limiter_);
  std::swap(permit_, other.permit_);
  return *this;
}

PermitRef PermitLease::release() noexcept {
  limiter_ = nullptr;
  return std::exchange(permit_, PermitRef());
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
