#include "mod_wsflow/limits/entries.hpp"

#include <algorithm>
#include <utility>

#include "mod_wsflow/limits/gcra.hpp"
#include "mod_wsflow/limits/recoverable.hpp"
#include "mod_wsflow/limits/shared_keys.hpp"

namespace wsflow::limits {

namespace {

void unlink_from_bucket(LockedTable table, EntryRef ref) noexcept {
  auto& entry = table[ref];
  auto* link = &bucket_of(table, entry);
  while (*link != ref) link = &table[*link].next;
  *link = entry.next;
}

void unlink_idle(LockedTable table, EntryRef ref) noexcept {
  auto& entry = table[ref];
  auto& limit = table[entry.limit];
  (entry.idler ? table[entry.idler].fresher : limit.idlest) = entry.fresher;
  (entry.fresher ? table[entry.fresher].idler : limit.newest_idle) = entry.idler;
}

void forget_share(LockedTable table, EntryRef ref) noexcept {
  if (shares_keys(table[table[ref].limit].defined)) move_key(table, ref, KeyList::none, 0);
}

void forget(LockedTable table, EntryRef ref) noexcept {
  auto& entry = table[ref];
  forget_share(table, ref);
  unlink_idle(table, ref);
  unlink_from_bucket(table, ref);
  --table[entry.limit].keys;
  commit(entry.limit, LimitNumber{});
  entry.next = std::exchange(table->free_entry, ref);
}

// The entry that was idle for longest has most probably its whole burst again, but after changes of the rate.
bool forget_one(LockedTable table, LimitRecord& limit, Micros now) noexcept {
  constexpr int kTries = 8;
  auto ref = limit.idlest;
  for (int i = 0; i < kTries && ref; ++i, ref = table[ref].fresher) {
    if (limit.now.rate != 0 && !Gcra::full(table[ref].arrival, now)) continue;
    if (is_barred(table[ref], now) || is_noted(table, ref)) continue;
    forget(table, ref);
    return true;
  }
  return false;
}

EntryRef take_entry(LockedTable table) noexcept {
  if (const auto ref = table->free_entry) {
    table->free_entry = table[ref].next;
    return ref;
  }
  return table->entries_seen < kEntries ? EntryRef::of(table->entries_seen++) : EntryRef();
}

}  // namespace

EntryRef& bucket_of(LockedTable table, const Entry& entry) noexcept {
  // With the secret, as a client that chooses its key knows the hash of one that nodes share.
  const auto hash = (entry.key[0] ^ ((entry.limit.number() + 1) * 0x9E3779B97F4A7C15U) ^ table->secret[0]) *
                    (table->secret[1] | 1U);
  static_assert(kBuckets == 1U << 16U);
  return table->buckets[hash >> 48U];
}

void link_entry(LockedTable table, EntryRef ref) noexcept {
  auto& entry = table[ref];
  auto& bucket = bucket_of(table, entry);
  entry.next = bucket;
  bucket = ref;
  ++table[entry.limit].keys;
}

EntryRef find_entry(LockedTable table, LimitNumber limit, const Key& key) noexcept {
  Entry wanted{};
  wanted.limit = limit;
  std::copy_n(key.hash, 2, wanted.key);
  for (auto ref = bucket_of(table, wanted); ref; ref = table[ref].next) {
    const auto& entry = table[ref];
    if (entry.limit == wanted.limit && std::equal(entry.key, entry.key + 2, key.hash)) return ref;
  }
  return {};
}

EntryRef obtain_entry(LockedTable table, LimitNumber limit, const Key& key, Micros now) noexcept {
  if (const auto ref = find_entry(table, limit, key)) return ref;
  auto& record = table[limit];
  if (record.defined.keyed && record.keys >= record.defined.keys && !forget_one(table, record, now))
    return {};
  auto ref = take_entry(table);
  if (!ref && forget_one(table, record, now)) ref = take_entry(table);
  if (!ref) return {};
  Entry wanted{};
  std::copy_n(key.hash, 2, wanted.key);
  wanted.text_size = std::min(key.shown_size, static_cast<std::uint8_t>(kKeyText));
  std::copy_n(key.shown, wanted.text_size, wanted.text);
  auto& entry = table[ref];
  entry = wanted;
  if (shares_keys(record.defined)) key_share(table, ref) = {};
  commit(entry.limit, limit);
  link_entry(table, ref);
  rest_entry(table, ref);
  return ref;
}

void wake_entry(LockedTable table, EntryRef ref) noexcept {
  if (is_idle(table[ref])) unlink_idle(table, ref);
}

void rest_entry(LockedTable table, EntryRef ref) noexcept {
  auto& entry = table[ref];
  if (!is_idle(entry)) return;
  auto& limit = table[entry.limit];
  entry.idler = limit.newest_idle;
  entry.fresher = {};
  (entry.idler ? table[entry.idler].fresher : limit.idlest) = ref;
  limit.newest_idle = ref;
}

void move_entry(LockedTable table, EntryRef ref, LimitNumber limit) noexcept {
  auto& entry = table[ref];
  auto& from = table[entry.limit];
  forget_share(table, ref);
  unlink_from_bucket(table, ref);
  --from.keys;
  from.in_use -= entry.in_use;
  commit(entry.limit, limit);
  table[limit].in_use += entry.in_use;
  link_entry(table, ref);
}

void drop_entries(LockedTable table, LimitNumber limit, Noted noted) noexcept {
  for (auto ref = table[limit].idlest; ref;) {
    const auto each = std::exchange(ref, table[ref].fresher);
    if (noted == Noted::dropped || !is_noted(table, each)) forget(table, each);
  }
}

}  // namespace wsflow::limits
