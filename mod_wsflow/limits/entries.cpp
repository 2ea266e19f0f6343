#include "mod_wsflow/limits/entries.hpp"

#include <algorithm>
#include <utility>

#include "mod_wsflow/limits/gcra.hpp"
#include "mod_wsflow/limits/recoverable.hpp"

namespace wsflow::limits {

namespace {

bool is_idle(const Entry& entry) noexcept {
  return entry.in_use == 0 && entry.wanted == 0;
}

void unlink_from_bucket(Table& table, Index index) noexcept {
  auto& entry = table.entries[index - 1];
  auto* link = &bucket_of(table, entry);
  while (*link != index) link = &table.entries[*link - 1].next;
  *link = entry.next;
}

void unlink_idle(Table& table, Index index) noexcept {
  auto& entry = table.entries[index - 1];
  auto& limit = table.limits[entry.limit - 1];
  (entry.idler != 0 ? table.entries[entry.idler - 1].fresher : limit.idlest) = entry.fresher;
  (entry.fresher != 0 ? table.entries[entry.fresher - 1].idler : limit.newest_idle) = entry.idler;
}

void forget(Table& table, Index index) noexcept {
  auto& entry = table.entries[index - 1];
  unlink_idle(table, index);
  unlink_from_bucket(table, index);
  --table.limits[entry.limit - 1].keys;
  commit(entry.limit, Index{0});
  entry.next = std::exchange(table.free_entry, index);
}

// The one that was idle for longest has most probably its whole burst again, but after changes of the rate.
bool forget_one(Table& table, LimitRecord& limit, Micros now) noexcept {
  constexpr int kTries = 8;
  auto index = limit.idlest;
  for (int i = 0; i < kTries && index != 0; ++i, index = table.entries[index - 1].fresher) {
    if (limit.now.rate != 0 && !Gcra::full(table.entries[index - 1].arrival, now)) continue;
    forget(table, index);
    return true;
  }
  return false;
}

Index take_entry(Table& table) noexcept {
  if (const auto index = table.free_entry; index != 0) {
    table.free_entry = table.entries[index - 1].next;
    return index;
  }
  return table.entries_seen < kEntries ? ++table.entries_seen : 0;
}

}  // namespace

Index& bucket_of(Table& table, const Entry& entry) noexcept {
  const auto hash = entry.key[0] ^ (entry.limit * 0x9E3779B97F4A7C15U);
  return table.buckets[(hash ^ (hash >> 32U)) % kBuckets];
}

void link_entry(Table& table, Index index) noexcept {
  auto& entry = table.entries[index - 1];
  auto& bucket = bucket_of(table, entry);
  entry.next = bucket;
  bucket = index;
  ++table.limits[entry.limit - 1].keys;
}

Index find_entry(Table& table, std::uint32_t number, const Key& key) noexcept {
  Entry wanted{};
  wanted.limit = number + 1;
  std::copy_n(key.hash, 2, wanted.key);
  for (auto index = bucket_of(table, wanted); index != 0; index = table.entries[index - 1].next) {
    const auto& entry = table.entries[index - 1];
    if (entry.limit == wanted.limit && std::equal(entry.key, entry.key + 2, key.hash)) return index;
  }
  return 0;
}

Index obtain_entry(Table& table, std::uint32_t number, const Key& key, Micros now) noexcept {
  if (const auto index = find_entry(table, number, key); index != 0) return index;
  auto& limit = table.limits[number];
  if (limit.defined.keyed && limit.keys >= limit.defined.keys && !forget_one(table, limit, now)) return 0;
  auto index = take_entry(table);
  if (index == 0 && forget_one(table, limit, now)) index = take_entry(table);
  if (index == 0) return 0;
  Entry wanted{};
  std::copy_n(key.hash, 2, wanted.key);
  wanted.text_size = std::min(key.shown_size, static_cast<std::uint8_t>(kKeyText));
  std::copy_n(key.shown, wanted.text_size, wanted.text);
  auto& entry = table.entries[index - 1];
  entry = wanted;
  commit(entry.limit, Index{number + 1});
  link_entry(table, index);
  rest_entry(table, index);
  return index;
}

void wake_entry(Table& table, Index index) noexcept {
  if (is_idle(table.entries[index - 1])) unlink_idle(table, index);
}

void rest_entry(Table& table, Index index) noexcept {
  auto& entry = table.entries[index - 1];
  if (!is_idle(entry)) return;
  auto& limit = table.limits[entry.limit - 1];
  entry.idler = limit.newest_idle;
  entry.fresher = 0;
  (entry.idler != 0 ? table.entries[entry.idler - 1].fresher : limit.idlest) = index;
  limit.newest_idle = index;
}

void move_entry(Table& table, Index index, std::uint32_t limit) noexcept {
  auto& entry = table.entries[index - 1];
  auto& from = table.limits[entry.limit - 1];
  unlink_from_bucket(table, index);
  --from.keys;
  from.in_use -= entry.in_use;
  commit(entry.limit, Index{limit + 1});
  table.limits[limit].in_use += entry.in_use;
  link_entry(table, index);
}

void drop_entries(Table& table, std::uint32_t limit) noexcept {
  while (table.limits[limit].idlest != 0) forget(table, table.limits[limit].idlest);
}

}  // namespace wsflow::limits
