#include "mod_wsflow/limits/grant.hpp"

#include <algorithm>

#include "mod_wsflow/limits/permits.hpp"
#include "mod_wsflow/limits/wait_list.hpp"

namespace wsflow::limits {

namespace {

const LimitRecord& limit_of(const Table& table, Index entry) noexcept {
  return table.limits[table.entries[entry - 1].limit - 1];
}

// Its process must learn when the rate of an entry lets it go.
void tell_first(const Table& table, Lock& lock, Index entry) noexcept {
  const auto first = table.entries[entry - 1].list.first;
  if (first == 0 || limit_of(table, entry).now.rate == 0 || is_full(table, entry)) return;
  lock.ring(table.permits[table.waiters[first - 1].permit - 1].owner - 1);
}

}  // namespace

bool is_full(const Table& table, Index entry) noexcept {
  const auto most = limit_of(table, entry).now.concurrency;
  return most != 0 && table.entries[entry - 1].in_use >= most;
}

bool is_early(const Table& table, Index entry, Micros now) noexcept {
  const auto& limit = limit_of(table, entry);
  return limit.now.rate != 0 && gcra_of(limit, now).next(table.entries[entry - 1].arrival) > now;
}

bool is_short(const Table& table, Index entry, Micros now) noexcept {
  return !limit_of(table, entry).defined.dry_run && (is_full(table, entry) || is_early(table, entry, now));
}

Index blocked_at(const Table& table, const PermitRecord& permit, Micros now) noexcept {
  const auto entries = entries_of(permit);
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](Index each) { return is_short(table, each, now); });
  return found != entries.end() ? *found : 0;
}

void grant_entry(Table& table, Lock& lock, Index entry, Micros now) noexcept {
  const auto& list = table.entries[entry - 1].list;
  while (list.first != 0 && !is_short(table, entry, now)) {
    const auto waiter = list.first;
    const auto index = table.waiters[waiter - 1].permit;
    const auto& permit = table.permits[index - 1];
    if (const auto other = blocked_at(table, permit, now); other != 0) {
      delist(table, waiter);
      enlist(table, other, waiter);
      tell_first(table, lock, other);
    } else if (grant(table, waiter, now)) {
      lock.ring(permit.owner - 1);
    } else {
      end_wait(table, index, now);
    }
  }
  tell_first(table, lock, entry);
}

void grant_limit(Table& table, Lock& lock, std::uint32_t limit, Micros now) noexcept {
  for (Index waiter = 1; waiter <= table.waiters_seen; ++waiter) {
    const auto& each = table.waiters[waiter - 1];
    if (each.permit != 0 && table.entries[each.at - 1].limit == limit + 1)
      grant_entry(table, lock, each.at, now);
  }
}

void give_back(Table& table, Lock& lock, Index index, Micros now) noexcept {
  auto& permit = table.permits[index - 1];
  if (permit.waiter != 0) {
    grant_entry(table, lock, end_wait(table, index, now), now);
    return;
  }
  end_hold(table, index, now);
  // Its record stays as it is as long as nobody takes it, and grants take none.
  for (const auto entry : entries_of(permit)) grant_entry(table, lock, entry, now);
}

}  // namespace wsflow::limits
