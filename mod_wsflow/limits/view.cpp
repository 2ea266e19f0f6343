#include "mod_wsflow/limits/view.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <tuple>

#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/gcra.hpp"
#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/limits/permits.hpp"
#include "mod_wsflow/limits/shared_keys.hpp"

namespace wsflow::limits {

namespace {

// Records that are looked at in one go with the lock.
constexpr std::uint32_t kEntriesAtOnce = 512;
constexpr std::uint32_t kPermitsAtOnce = 2048;
constexpr std::uint32_t kKeysAtOnce = 64;

double per(double sum, std::uint64_t count) noexcept {
  return count != 0 ? sum / static_cast<double>(count) : 0;
}

void measure(LimitView& view, const LimitRecord& limit, Micros now) {
  const auto minute = limit.rolling.last(now);
  const auto span = seconds(std::max(now - minute.start, kSecond));
  view.arrival_rate = static_cast<double>(minute.arrivals) / span;
  view.admission_rate = static_cast<double>(minute.admitted) / span;
  view.release_rate = static_cast<double>(minute.released) / span;
  view.refusal_rate = static_cast<double>(minute.refused) / span;
  view.held_mean = minute.released != 0 ? per(seconds(minute.held_us), minute.released)
                                        : per(seconds(static_cast<Micros>(limit.held_us)), limit.released);
  view.held_p95 = seconds(minute.held.quantile(0.95));
  view.need = need_of(limit, minute, now);
}

// What this node has of a limit that nodes share; of one with keys, of which each has a share of its own,
// whether it has a lease.
void add_share(LimitView& view, const LimitRecord& limit, const KeyLease& keys) {
  const auto boot = boot_time();
  view.share = limit.share;
  view.usable = usable(limit.defined, limit.now, limit.share, boot);
  auto until = limit.share.until;
  if (limit.defined.keyed) {
    until = std::min(until, keys.until);
    view.share.settling = keys.settling;
    view.usable = {
        .permits = 0, .pace = {.rate = 0, .burst = 0}, .by_floor = boot >= until || keys.settling != 0};
  }
  view.lease_left = std::max<Micros>(until - boot, 0);
}

LimitView view_of(LimitRecord& limit, const KeyLease& keys, Micros now) {
  pass_time(limit, now);
  LimitView view{};
  view.name = limit.defined.name;
  view.defined = limit.defined;
  view.now = limit.now;
  view.configured = limit.used == LimitRecord::kConfigured;
  view.in_use = limit.in_use;
  view.waiting = limit.waiting;
  view.keys = limit.keys;
  view.peak = limit.peak;
  view.arrivals = limit.arrivals;
  view.admitted = limit.admitted;
  view.waited = limit.waited;
  std::copy(std::begin(limit.refused), std::end(limit.refused), view.refused);
  view.dry_refused = limit.dry_refused;
  view.keys_ignored = limit.keys_ignored;
  view.released = limit.released;
  view.held_us = limit.held_us;
  view.waits = limit.waits;
  view.gradient = limit.gradient;
  if (is_shared(limit.defined)) add_share(view, limit, keys);
  view.ramp_share = ramp_share(limit.ramp_started, limit.defined.ramp, now);
  measure(view, limit, now);
  return view;
}

bool before(const KeyView& left, const KeyView& right) noexcept {
  const auto rank = [](const KeyView& key) {
    return std::tuple(key.in_use, key.refused, key.waiting, key.admitted, key.hash);
  };
  return rank(left) > rank(right);
}

// Without its text.
KeyView view_of(const Entry& entry) noexcept {
  return {.text = {},
          .hash = entry.key[0],
          .in_use = entry.in_use,
          .waiting = entry.waiting,
          .peak = entry.peak,
          .admitted = entry.admitted,
          .refused = entry.refused};
}

// Keeps the first of `keys`, in their order.
void add(std::vector<KeyView>& keys, const Entry& entry) {
  auto key = view_of(entry);
  if (keys.size() == kTopKeys && !before(key, keys.back())) return;
  key.text.assign(entry.text, entry.text_size);
  if (keys.size() == kTopKeys) keys.pop_back();
  keys.insert(std::upper_bound(keys.begin(), keys.end(), key, before), std::move(key));
}

// Copies entries from number `from` on. Returns how many there are in all.
std::uint32_t copy_entries(const LimitsAccess& access, std::uint32_t from, std::vector<Entry>& chunk) {
  chunk.clear();
  const Lock lock(access.table(), access.wakeups(), Lock::kPatience);
  if (!lock) return 0;
  const auto table = lock.table();
  const auto count = table->entries_seen;
  const auto size = std::min(count - std::min(from, count), kEntriesAtOnce);
  chunk.assign(table->entries + from, table->entries + from + size);
  return count;
}

void add_keys(const LimitsAccess& access, const std::vector<LimitView*>& views) {
  std::vector<Entry> chunk;
  chunk.reserve(kEntriesAtOnce);
  for (std::uint32_t from = 0; from < copy_entries(access, from, chunk); from += kEntriesAtOnce) {
    for (const auto& entry : chunk) {
      if (!entry.limit) continue;
      auto* view = views[entry.limit.number()];
      if (view != nullptr && view->defined.keyed) add(view->top_keys, entry);
    }
  }
}

// Copies a limit; false: the lock was not to be had.
bool copy_limit(const LimitsAccess& access, LimitNumber number, LimitRecord& copy) noexcept {
  const Lock lock(access.table(), access.wakeups(), Lock::kPatience);
  if (!lock) return false;
  const auto& limit = lock.table()[number];
  copy.used = limit.used;
  if (limit.used != LimitRecord::kFree) copy = limit;
  return true;
}

ClusterState cluster_state(const LimitsAccess& access) noexcept {
  ClusterState state{};
  if (const Lock lock(access.table(), access.wakeups(), Lock::kPatience); lock) state = lock.table()->cluster;
  return state;
}

bool is_held(const PermitRecord& permit) noexcept {
  return permit.state.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(PermitState::held);
}

// The entry of a key, or none.
EntryRef entry_of(LockedTable table, std::string_view name, const Key& key) noexcept {
  for (std::size_t i = 0; i < kLimits; ++i) {
    const auto& limit = table->limits[i];
    if (limit.used != LimitRecord::kFree && name == limit.defined.name)
      return find_entry(table, LimitNumber::of(i), key);
  }
  return {};
}

enum class Scan : std::uint8_t { more, done, locked };

// Looks at some permits from number `from` on.
Scan mark_holders(const LimitsAccess& access, std::string_view limit, const Key& key, std::uint32_t from,
                  PermitSet& result) {
  const Lock lock(access.table(), access.wakeups(), Lock::kPatience);
  if (!lock) return Scan::locked;
  const auto table = lock.table();
  // Found anew each time: between two goes an entry that holds nothing may have become another key's.
  const auto entry = entry_of(table, limit, key);
  if (!entry || table[entry].in_use == 0) return Scan::done;
  const auto end = std::min(table->permits_seen, from + kPermitsAtOnce);
  for (auto i = from; i < end; ++i) {
    const auto ref = PermitRef::of(i);
    const auto entries = entries_of(table[ref]);
    if (is_held(table[ref]) && std::find(entries.begin(), entries.end(), entry) != entries.end())
      result.insert(ref);
  }
  return end == from + kPermitsAtOnce ? Scan::more : Scan::done;
}

// The keys of a permit that may be shown, copied with the lock.
struct ShownKey {
  char limit[kNameSize];
  char text[kKeyText];
  std::size_t size;
};
struct ShownPermit {
  std::array<ShownKey, kPerRequest> keys;
  std::size_t count;
};

void copy_shown(LockedTable table, PermitRef ref, ShownPermit& shown) noexcept {
  if (!ref || ref.number() >= table->permits_seen || !is_held(table[ref])) return;
  for (const auto each : entries_of(table[ref])) {
    const auto& entry = table[each];
    if (entry.text_size == 0) continue;
    const auto& name = table[entry.limit].defined.name;
    auto& key = shown.keys[shown.count++];
    std::copy(std::begin(name), std::end(name), key.limit);
    key.size = std::min<std::size_t>(entry.text_size, kKeyText);
    std::copy_n(entry.text, key.size, key.text);
  }
}

// Nothing of a permit if the lock was not to be had.
void copy_shown(const LimitsAccess& access, std::span<const PermitRef> permits,
                std::span<ShownPermit> shown) noexcept {
  for (auto& each : shown) each.count = 0;
  const Lock lock(access.table(), access.wakeups(), Lock::kPatience);
  if (!lock) return;
  for (std::size_t i = 0; i < permits.size(); ++i) copy_shown(lock.table(), permits[i], shown[i]);
}

std::vector<HeldKey> held_keys(const ShownPermit& shown) {
  std::vector<HeldKey> result;
  for (std::size_t i = 0; i < shown.count; ++i) {
    const auto& each = shown.keys[i];
    result.push_back({.limit = each.limit, .text = {each.text, each.size}});
  }
  return result;
}

}  // namespace

std::vector<LimitView> all_limits(const LimitsAccess& access, Micros now) {
  std::vector<LimitView> result;
  result.reserve(kLimits + 1);  // the addresses of its views are kept
  std::vector<LimitView*> by_number(kLimits + 1);
  bool keyed = false;
  const auto keys = cluster_state(access).keys;
  for (std::size_t i = 0; i < kLimits + 1; ++i) {
    LimitRecord limit{};
    if (!copy_limit(access, LimitNumber::of(i), limit)) break;
    if (limit.used == LimitRecord::kFree) continue;
    if (limit.used == LimitRecord::kRetired && limit.in_use == 0 && limit.waiting == 0) continue;
    by_number[i] = &result.emplace_back(view_of(limit, keys, now));
    keyed = keyed || limit.defined.keyed;
  }
  if (keyed) add_keys(access, by_number);
  return result;
}

ClusterView cluster_view(const LimitsAccess& access) {
  auto state = cluster_state(access);
  state.error[sizeof state.error - 1] = '\0';
  return {.answers = state.answers,
          .failures = state.failures,
          .keys = state.keys.tracked,
          .answer_ms = state.keys.answer_us / 1000,
          .error = state.error};
}

std::optional<std::uint64_t> refusals(const LimitsAccess& access) noexcept {
  constexpr Micros kPatience = 20'000;
  const Lock lock(access.table(), access.wakeups(), kPatience);
  if (!lock) return std::nullopt;
  std::uint64_t sum = 0;
  for (const auto& limit : lock.table()->limits) {
    if (limit.used != LimitRecord::kFree)
      sum = std::accumulate(std::begin(limit.refused), std::end(limit.refused), sum);
  }
  return sum;
}

std::optional<PermitSet> holders_of(const LimitsAccess& access, std::string_view limit, const Key& key) {
  PermitSet result;
  auto scan = Scan::more;
  for (std::uint32_t from = 0; scan == Scan::more; from += kPermitsAtOnce) {
    scan = mark_holders(access, limit, key, from, result);
  }
  return scan == Scan::done ? std::optional(std::move(result)) : std::nullopt;
}

std::vector<HeldPermits> unkeyed_limits_of(const LimitsAccess& access, std::span<const PermitRef> permits) {
  std::array<std::uint32_t, kLimits + 1> counts{};
  const auto count = [&](std::span<const PermitRef> some) noexcept {
    const Lock lock(access.table(), access.wakeups(), Lock::kPatience);
    if (!lock) return;
    const auto table = lock.table();
    for (const auto ref : some) {
      if (!ref || ref.number() >= table->permits_seen || !is_held(table[ref])) continue;
      for (const auto each : entries_of(table[ref])) {
        const auto number = table[each].limit;
        if (number && !table[number].defined.keyed) ++counts[number.number()];
      }
    }
  };
  while (!permits.empty()) {
    const auto some = permits.first(std::min<std::size_t>(permits.size(), kKeysAtOnce));
    permits = permits.subspan(some.size());
    count(some);
  }
  std::vector<HeldPermits> result;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    LimitRecord limit{};
    if (counts[i] != 0 && copy_limit(access, LimitNumber::of(i), limit))
      result.push_back({.limit = limit.defined.name, .count = counts[i]});
  }
  return result;
}

std::optional<KeyState> key_state(const LimitsAccess& access, std::string_view limit, const Key& key,
                                  Micros now) {
  Entry copy{};
  std::uint32_t permits = 0;
  {
    const Lock lock(access.table(), access.wakeups(), Lock::kPatience);
    if (!lock) return std::nullopt;
    const auto table = lock.table();
    const auto entry = entry_of(table, limit, key);
    if (!entry) return std::nullopt;
    copy = table[entry];
    permits = table[copy.limit].now.concurrency;
  }
  KeyState result{.view = view_of(copy), .permits = permits};
  if (is_barred(copy, now)) result.barred = Micros{copy.barred_until} * kSecond - now;
  return result;
}

std::vector<std::vector<HeldKey>> keys_of(const LimitsAccess& access, std::span<const PermitRef> permits) {
  std::vector<std::vector<HeldKey>> result;
  result.reserve(permits.size());
  std::vector<ShownPermit> shown(std::min<std::size_t>(permits.size(), kKeysAtOnce));
  while (!permits.empty()) {
    const auto some = permits.first(std::min<std::size_t>(permits.size(), kKeysAtOnce));
    permits = permits.subspan(some.size());
    copy_shown(access, some, shown);
    for (std::size_t i = 0; i < some.size(); ++i) result.push_back(held_keys(shown[i]));
  }
  return result;
}

}  // namespace wsflow::limits
