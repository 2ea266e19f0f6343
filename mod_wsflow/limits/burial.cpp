#include "mod_wsflow/limits/burial.hpp"

#include <bitset>
#include <string_view>

#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/recoverable.hpp"

namespace wsflow::limits {

namespace {

// No name that a configuration can have.
constexpr std::string_view kName = "(retired)";

void open_grave(LimitRecord& limit, Micros now) noexcept {
  if (limit.used != LimitRecord::kFree) return;
  limit = {};
  kName.copy(limit.defined.name, kNameSize - 1);
  limit.rolling.began = now;
  commit(limit.used, LimitRecord::kRetired);
}

// By number: those that a waiter for any limit needs.
std::bitset<kLimits + 1> waited_for(const Table& table) noexcept {
  std::bitset<kLimits + 1> result;
  for (Index index = 1; index <= table.entries_seen; ++index) {
    const auto& entry = table.entries[index - 1];
    if (entry.limit != 0 && entry.wanted != 0) result.set(entry.limit - 1);
  }
  return result;
}

}  // namespace

std::optional<std::uint32_t> bury_one(Table& table, Micros now) noexcept {
  const auto needed = waited_for(table);
  std::optional<std::uint32_t> oldest;
  for (std::uint32_t i = 0; i < kLimits; ++i) {
    const auto& limit = table.limits[i];
    if (limit.used == LimitRecord::kRetired && !needed.test(i) &&
        (!oldest || limit.serial < table.limits[*oldest].serial))
      oldest = i;
  }
  if (!oldest) return std::nullopt;
  const auto number = *oldest;
  open_grave(table.limits[kBuried], now);
  drop_entries(table, kBuried);
  drop_entries(table, number);
  for (Index index = 1; index <= table.entries_seen; ++index) {
    if (table.entries[index - 1].limit == number + 1) move_entry(table, index, kBuried);
  }
  commit(table.limits[number].used, LimitRecord::kFree);
  return number;
}

}  // namespace wsflow::limits
