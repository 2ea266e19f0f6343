#include "mod_wsflow/limits/holders.hpp"

#include <algorithm>
#include <array>

#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/limits/permits.hpp"

namespace wsflow::limits {

namespace {

// How many permits are looked at in one go.
constexpr std::uint32_t kScan = 2048;
constexpr std::uint32_t kCopy = 64;

bool is_held(const PermitRecord& permit) noexcept {
  return permit.state.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(PermitState::held);
}

// The entry of a key; 0: it has none.
Index entry_of(Table& table, std::string_view name, const Key& key) noexcept {
  for (std::uint32_t i = 0; i < kLimits; ++i) {
    if (table.limits[i].used == LimitRecord::kFree || name != table.limits[i].defined.name) continue;
    return find_entry(table, i, key);
  }
  return 0;
}

enum class Scan : std::uint8_t { more, done, locked };

// Looks at some permits from number `from` on.
Scan mark_holders(Limiter& limiter, std::string_view limit, const Key& key, std::uint32_t from,
                  std::vector<bool>& result) {
  auto& table = limiter.table();
  const Lock lock(table, limiter.wakeups(), Lock::kPatience);
  if (!lock) return Scan::locked;
  // Anew each time: between two goes an entry that holds nothing may have become another key's.
  const auto entry = entry_of(table, limit, key);
  if (entry == 0 || table.entries[entry - 1].in_use == 0) return Scan::done;
  const auto end = std::min(table.permits_seen, from + kScan);
  for (auto i = from; i < end; ++i) {
    const auto& permit = table.permits[i];
    const auto entries = entries_of(permit);
    if (is_held(permit) && std::find(entries.begin(), entries.end(), entry) != entries.end())
      result[i + 1] = true;
  }
  return end == from + kScan ? Scan::more : Scan::done;
}

// What is to be shown of one entry, copied with the lock.
struct Shown {
  char limit[kNameSize];
  char text[kKeyText];
  std::size_t size;
};
struct ShownPermit {
  std::array<Shown, kPerRequest> entries;
  std::size_t count;
};

void copy_shown(const Table& table, Index index, ShownPermit& shown) noexcept {
  shown.count = 0;
  if (index == 0 || index > table.permits_seen || !is_held(table.permits[index - 1])) return;
  for (const auto each : entries_of(table.permits[index - 1])) {
    const auto& entry = table.entries[each - 1];
    if (entry.text_size == 0) continue;
    auto& place = shown.entries[shown.count++];
    std::copy(std::begin(table.limits[entry.limit - 1].defined.name),
              std::end(table.limits[entry.limit - 1].defined.name), place.limit);
    place.size = std::min<std::size_t>(entry.text_size, kKeyText);
    std::copy_n(entry.text, place.size, place.text);
  }
}

std::vector<HeldKey> held_keys(const ShownPermit& shown) {
  std::vector<HeldKey> result;
  for (std::size_t i = 0; i < shown.count; ++i) {
    const auto& each = shown.entries[i];
    result.push_back({.limit = each.limit, .text = {each.text, each.size}});
  }
  return result;
}

}  // namespace

std::optional<std::vector<bool>> holders_of(Limiter& limiter, std::string_view limit, const Key& key) {
  std::vector<bool> result(kPermits + 1);
  auto scan = Scan::more;
  for (std::uint32_t from = 0; scan == Scan::more; from += kScan) {
    scan = mark_holders(limiter, limit, key, from, result);
  }
  return scan == Scan::done ? std::optional(std::move(result)) : std::nullopt;
}

std::vector<std::vector<HeldKey>> keys_of(Limiter& limiter, std::span<const Index> permits) {
  std::vector<std::vector<HeldKey>> result;
  result.reserve(permits.size());
  std::vector<ShownPermit> chunk(std::min<std::size_t>(permits.size(), kCopy));
  while (!permits.empty()) {
    const auto now = permits.first(std::min<std::size_t>(permits.size(), kCopy));
    permits = permits.subspan(now.size());
    {
      const auto& table = limiter.table();
      const Lock lock(limiter.table(), limiter.wakeups(), Lock::kPatience);
      for (std::size_t i = 0; i < now.size(); ++i) {
        chunk[i].count = 0;
        if (lock) copy_shown(table, now[i], chunk[i]);
      }
    }
    for (std::size_t i = 0; i < now.size(); ++i) result.push_back(held_keys(chunk[i]));
  }
  return result;
}

}  // namespace wsflow::limits
