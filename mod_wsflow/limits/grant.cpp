#include "mod_wsflow/limits/grant.hpp"

#include <algorithm>

#include "mod_wsflow/limits/permits.hpp"
#include "mod_wsflow/limits/shared_keys.hpp"
#include "mod_wsflow/limits/wait_list.hpp"

namespace wsflow::limits {

namespace {

const LimitRecord& limit_of(LockedTable table, EntryRef entry) noexcept {
  return table[table[entry].limit];
}

// The process of the first waiter must learn when the rate of the entry lets it go.
void tell_first(LockedTable table, Lock& lock, EntryRef entry) noexcept {
  const auto first = table[entry].list.first;
  if (!first || limit_of(table, entry).now.rate == 0 || is_full(table, entry)) return;
  lock.ring(table[table[first].permit].owner - 1);
}

}  // namespace

bool is_full(LockedTable table, EntryRef entry) noexcept {
  const auto& limit = limit_of(table, entry);
  if (limit.now.concurrency == 0) return false;
  const auto most =
      is_shared(limit.defined) ? usable_of(table, entry, boot_time()).permits : limit.now.concurrency;
  return table[entry].in_use >= most;
}

bool is_early(LockedTable table, EntryRef entry, Micros now) noexcept {
  const auto& limit = limit_of(table, entry);
  if (limit.now.rate == 0) return false;
  const auto pace = gcra_of(table, entry, now);
  return pace.rate <= 0 || pace.next(table[entry].arrival) > now;
}

bool is_short(LockedTable table, EntryRef entry, Micros now) noexcept {
  return !limit_of(table, entry).defined.dry_run && (is_full(table, entry) || is_early(table, entry, now));
}

LimitReason reason_at(LockedTable table, EntryRef entry) noexcept {
  if (const auto& limit = limit_of(table, entry); is_shared(limit.defined)) {
    const auto boot = boot_time();
    const bool unknown =
        limit.defined.keyed && boot >= valid_until(table->cluster.keys, key_share(table, entry));
    if (unknown || usable_of(table, entry, boot).by_floor) return LimitReason::no_share;
  }
  return is_full(table, entry) ? LimitReason::concurrency : LimitReason::rate;
}

EntryRef blocked_at(LockedTable table, const PermitRecord& permit, Micros now) noexcept {
  const auto entries = entries_of(permit);
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](EntryRef each) { return is_short(table, each, now); });
  return found != entries.end() ? *found : EntryRef();
}

void grant_entry(LockedTable table, Lock& lock, EntryRef entry, Micros now) noexcept {
  const auto& list = table[entry].list;
  while (list.first && !is_short(table, entry, now)) {
    const auto waiter = list.first;
    const auto ref = table[waiter].permit;
    const auto& permit = table[ref];
    if (const auto other = blocked_at(table, permit, now)) {
      delist(table, waiter);
      enlist(table, other, waiter);
      tell_first(table, lock, other);
      ask_for_waiter(table, lock, other);
    } else if (grant(table, waiter, now)) {
      lock.ring(permit.owner - 1);
    } else {
      end_wait(table, ref, now);
      for (const auto each : entries_of(permit)) key_rests(table, lock, each);
    }
  }
  tell_first(table, lock, entry);
}

void grant_limit(LockedTable table, Lock& lock, LimitNumber limit, Micros now) noexcept {
  for (std::uint32_t i = 0; i < table->waiters_seen; ++i) {
    const auto& each = table[WaiterRef::of(i)];
    if (each.permit && table[each.at].limit == limit) grant_entry(table, lock, each.at, now);
  }
}

void give_back(LockedTable table, Lock& lock, PermitRef ref, Micros now) noexcept {
  auto& permit = table[ref];
  if (permit.waiter) {
    grant_entry(table, lock, end_wait(table, ref, now), now);
  } else {
    end_hold(table, ref, now);
    // The record still has its entries: only a new permit takes it, and grants make none.
    for (const auto entry : entries_of(permit)) grant_entry(table, lock, entry, now);
  }
  for (const auto entry : entries_of(permit)) key_rests(table, lock, entry);
}

}  // namespace wsflow::limits
