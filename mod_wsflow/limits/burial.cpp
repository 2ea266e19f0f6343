#include "mod_wsflow/limits/burial.hpp"

#include <bitset>
#include <string_view>

#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/recoverable.hpp"

namespace wsflow::limits {

namespace {

// A configuration can have no such name.
constexpr std::string_view kName = "(retired)";

void open_grave(LimitRecord& limit, Micros now) noexcept {
  if (limit.used != LimitRecord::kFree) return;
  limit = {};
  kName.copy(limit.defined.name, kNameSize - 1);
  limit.rolling.began = now;
  commit(limit.used, LimitRecord::kRetired);
}

// By number: the limits that the waiters need.
std::bitset<kLimits + 1> waited_for(LockedTable table) noexcept {
  std::bitset<kLimits + 1> result;
  for (std::uint32_t i = 0; i < table->entries_seen; ++i) {
    const auto& entry = table[EntryRef::of(i)];
    if (entry.limit && entry.wanted != 0) result.set(entry.limit.number());
  }
  return result;
}

}  // namespace

LimitNumber bury_one(LockedTable table, Micros now) noexcept {
  const auto needed = waited_for(table);
  LimitNumber oldest{};
  for (std::uint32_t i = 0; i < kLimits; ++i) {
    const auto& limit = table->limits[i];
    if (limit.used == LimitRecord::kRetired && !needed.test(i) &&
        (!oldest || limit.serial < table[oldest].serial))
      oldest = LimitNumber::of(i);
  }
  if (!oldest) return {};
  open_grave(table[kBuried], now);
  drop_entries(table, kBuried, Noted::dropped);
  drop_entries(table, oldest, Noted::dropped);
  for (std::uint32_t i = 0; i < table->entries_seen; ++i) {
    const auto ref = EntryRef::of(i);
    if (table[ref].limit == oldest) move_entry(table, ref, kBuried);
  }
  commit(table[oldest].used, LimitRecord::kFree);
  return oldest;
}

}  // namespace wsflow::limits
