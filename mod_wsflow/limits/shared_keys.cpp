#include "mod_wsflow/limits/shared_keys.hpp"

#include <algorithm>
#include <utility>

#include "mod_wsflow/limits/entries.hpp"

namespace wsflow::limits {

namespace {

// What another node learns of this one is no older, where it matters: it believes so (cluster/key_script).
constexpr Micros kYoung = kSecond;

const LimitRecord& limit_of(LockedTable table, EntryRef ref) noexcept {
  return table[table[ref].limit];
}

bool is_shared_key(LockedTable table, EntryRef ref) noexcept {
  return shares_keys(limit_of(table, ref).defined);
}

void unlink(LockedTable table, EntryRef ref) noexcept {
  auto& key = key_share(table, ref);
  auto& list = table->cluster.keys.lists[static_cast<std::size_t>(key.list)];
  (key.before ? key_share(table, key.before).after : list.first) = key.after;
  (key.after ? key_share(table, key.after).before : list.last) = key.before;
}

void link(LockedTable table, EntryRef ref) noexcept {
  auto& key = key_share(table, ref);
  auto& list = table->cluster.keys.lists[static_cast<std::size_t>(key.list)];
  key.before = list.last;
  key.after = {};
  (list.last ? key_share(table, list.last).after : list.first) = ref;
  list.last = ref;
}

void count_tracked(LockedTable table, EntryRef ref, std::uint32_t change) noexcept {
  table->cluster.keys.tracked += change;
  table[table[ref].limit].share.keys_shared += change;
}

// False: the database gives nothing of any key of the limit to this node.
bool has_lease(const KeyLease& lease, const LimitRecord& limit, Micros boot) noexcept {
  return boot < lease.until && lease.settling == 0 && boot < limit.share.until;
}

// The process that speaks with the database tells of the key in its next request.
void speak_at_once(LockedTable table, Lock& lock, EntryRef ref, Micros boot) noexcept {
  if (key_share(table, ref).list != KeyList::asking) move_key(table, ref, KeyList::asking, boot);
  if (const auto worker = table->cluster.worker; worker != 0) lock.ring(worker - 1);
}

}  // namespace

Micros valid_until(const KeyLease& lease, const KeyShare& key) noexcept {
  if (key.term == 0) return 0;
  const auto end = key.term == lease.term          ? lease.until
                   : key.term == lease.term_before ? lease.until_before
                                                   : 0;
  return std::min(end, key.told + lease.keep);
}

Usable usable_of(LockedTable table, EntryRef ref, Micros boot) noexcept {
  const auto& limit = limit_of(table, ref);
  if (!limit.defined.keyed) return usable(limit.defined, limit.now, limit.share, boot);
  const auto& lease = table->cluster.keys;
  const auto& key = key_share(table, ref);
  const bool leased = boot < valid_until(lease, key);
  return usable(limit.defined, limit.now,
                {.permits = leased ? std::min(key.permits, permits_of_all(limit)) : 0,
                 .units = leased ? key.units : 0,
                 .unit_rate = limit.share.unit_rate,
                 .by_floor = !has_lease(lease, limit, boot)});
}

std::uint32_t permits_of_all(const LimitRecord& limit) noexcept {
  const auto told = limit.share.limit;
  return told != 0 ? std::min(told, limit.now.concurrency) : limit.now.concurrency;
}

std::uint32_t units_of_all(const LimitRecord& limit) noexcept {
  if (limit.now.rate <= 0) return 0;
  const auto told = limit.share.burst;
  return told != 0 ? std::min(told, limit.now.burst) : limit.now.burst;
}

bool may_ask(LockedTable table, EntryRef ref, Micros boot) noexcept {
  if (!is_shared_key(table, ref)) return false;
  const auto& limit = limit_of(table, ref);
  const auto& lease = table->cluster.keys;
  if (!has_lease(lease, limit, boot)) return false;
  const auto& key = key_share(table, ref);
  if (boot >= valid_until(lease, key)) return true;
  return key.permits < permits_of_all(limit) || key.units < units_of_all(limit);
}

void ask_more(LockedTable table, Lock& lock, EntryRef ref, Micros boot) noexcept {
  if (!is_shared_key(table, ref)) return;
  key_share(table, ref).marks |= KeyShare::kAsked;
  speak_at_once(table, lock, ref, boot);
}

void ask_for_waiter(LockedTable table, Lock& lock, EntryRef ref) noexcept {
  if (!is_shared_key(table, ref)) return;
  const auto boot = boot_time();
  auto& key = key_share(table, ref);
  if (may_ask(table, ref, boot)) {
    if (key.list != KeyList::asking || (key.marks & KeyShare::kAsked) == 0) ask_more(table, lock, ref, boot);
  } else if (!has_lease(table->cluster.keys, limit_of(table, ref), boot)) {
    // It is told of once there is a lease: no database is asked each time that somebody comes meanwhile.
    key.marks |= KeyShare::kAsked;
    if (key.list == KeyList::none || key.list == KeyList::quiet) move_key(table, ref, KeyList::resting, boot);
  }
}

void key_held(LockedTable table, EntryRef ref) noexcept {
  // It was let in without a share: by the floor, or because of dry-run.
  if (is_shared_key(table, ref) && key_share(table, ref).list == KeyList::none)
    move_key(table, ref, KeyList::telling, boot_time());
}

void key_rests(LockedTable table, Lock& lock, EntryRef ref) noexcept {
  if (!is_shared_key(table, ref)) return;
  const auto& key = key_share(table, ref);
  const auto& entry = table[ref];
  if (key.list != KeyList::quiet && key.list != KeyList::resting) return;
  const auto boot = boot_time();
  const bool idle = is_idle(entry);
  // What the database was told of a need that is over, other nodes take for true still.
  const bool misleads = entry.in_use + entry.waiting < key.need && boot - key.told < kYoung;
  if (misleads || (idle && is_crowded(limit_of(table, ref)))) {
    speak_at_once(table, lock, ref, boot);
  } else if (idle) {
    move_key(table, ref, KeyList::resting, boot);
  }
}

void move_key(LockedTable table, EntryRef ref, KeyList list, Micros boot) noexcept {
  auto& key = key_share(table, ref);
  if (key.list != KeyList::none) {
    unlink(table, ref);
    count_tracked(table, ref, static_cast<std::uint32_t>(-1));
  }
  if (list == KeyList::none) {
    key = {};
    return;
  }
  key.list = list;
  key.since = boot;
  link(table, ref);
  count_tracked(table, ref, 1);
}

void forget_keys(LockedTable table, LimitNumber limit) noexcept {
  for (std::uint32_t i = 0; i < table->entries_seen; ++i) {
    if (table->entries[i].limit == limit) move_key(table, EntryRef::of(i), KeyList::none, 0);
  }
}

void track_keys(LockedTable table, LimitNumber limit) noexcept {
  for (std::uint32_t i = 0; i < table->entries_seen; ++i) {
    if (table->entries[i].limit == limit && table->entries[i].in_use != 0) key_held(table, EntryRef::of(i));
  }
}

bool is_noted(LockedTable table, EntryRef ref) noexcept {
  // Where the lease has ended the database forgets by itself.
  return is_shared_key(table, ref) && key_share(table, ref).list != KeyList::none &&
         boot_time() < table->cluster.keys.until;
}

void find_shared_keys(LockedTable table) noexcept {
  auto& lease = table->cluster.keys;
  lease.tracked = 0;
  for (auto& list : lease.lists) list = {};
  for (auto& limit : table->limits) limit.share.keys_shared = 0;
  for (std::uint32_t i = 0; i < table->entries_seen; ++i) {
    const auto ref = EntryRef::of(i);
    if (!table[ref].limit || !is_shared_key(table, ref)) continue;
    auto& key = key_share(table, ref);
    if (key.list == KeyList::none && table[ref].in_use == 0) continue;
    key.list = KeyList::telling;
    key.since = 0;
    link(table, ref);
    count_tracked(table, ref, 1);
  }
}

}  // namespace wsflow::limits
