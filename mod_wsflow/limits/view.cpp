#include "mod_wsflow/limits/view.hpp"

#include <algorithm>
#include <tuple>

#include "mod_wsflow/limits/gcra.hpp"
#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/limits/permits.hpp"

namespace wsflow::limits {

namespace {

constexpr std::uint32_t kChunk = 512;  // entries that are copied in one go

double per(double sum, std::uint64_t count) noexcept {
  return count != 0 ? sum / static_cast<double>(count) : 0;
}

void measure(LimitView& view, const LimitRecord& limit, Micros now) {
  const auto minute = limit.rolling.last(now);
  const auto span = seconds(std::max(now - minute.start, kSecond));
  view.arrival_rate = static_cast<double>(minute.arrivals) / span;
  view.admission_rate = static_cast<double>(minute.admitted) / span;
  view.release_rate = static_cast<double>(minute.released) / span;
  view.held_mean = minute.released != 0 ? per(seconds(minute.held_us), minute.released)
                                        : per(seconds(static_cast<Micros>(limit.held_us)), limit.released);
  view.held_p95 = seconds(minute.held.quantile(0.95));
  view.need = need_of(limit, minute, now);
}

LimitView view_of(LimitRecord& limit, Micros now) {
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

// Keeps the first of `keys`, in their order.
void add(std::vector<KeyView>& keys, const Entry& entry) {
  KeyView key{.text = {},
              .hash = entry.key[0],
              .in_use = entry.in_use,
              .waiting = entry.waiting,
              .peak = entry.peak,
              .admitted = entry.admitted,
              .refused = entry.refused};
  if (keys.size() == kTopKeys && !before(key, keys.back())) return;
  key.text.assign(entry.text, entry.text_size);
  if (keys.size() == kTopKeys) keys.pop_back();
  keys.insert(std::upper_bound(keys.begin(), keys.end(), key, before), std::move(key));
}

// Copies entries from number `from` on; how many there are in all.
std::uint32_t copy_entries(Limiter& limiter, std::uint32_t from, std::vector<Entry>& chunk) {
  const auto& table = limiter.table();
  const Lock lock(limiter.table(), limiter.wakeups(), Lock::kPatience);
  const auto count = lock ? table.entries_seen : 0;
  const auto size = std::min(count - std::min(from, count), kChunk);
  chunk.assign(table.entries + from, table.entries + from + size);
  return count;
}

void add_keys(Limiter& limiter, const std::vector<LimitView*>& views) {
  std::vector<Entry> chunk;
  chunk.reserve(kChunk);
  for (std::uint32_t from = 0; from < copy_entries(limiter, from, chunk); from += kChunk) {
    for (const auto& entry : chunk) {
      if (entry.limit == 0) continue;
      auto* view = views[entry.limit - 1];
      if (view != nullptr && view->defined.keyed) add(view->top_keys, entry);
    }
  }
}

}  // namespace

std::vector<LimitView> all_limits(Limiter& limiter, Micros now) {
  std::vector<LimitView> result;
  result.reserve(kLimits + 1);  // the addresses of its views are kept
  std::vector<LimitView*> by_number(kLimits + 1);
  bool keyed = false;
  for (std::size_t i = 0; i < kLimits + 1; ++i) {
    const auto& place = limiter.table().limits[i];
    LimitRecord limit{};
    {
      const Lock lock(limiter.table(), limiter.wakeups(), Lock::kPatience);
      if (!lock) break;
      if (place.used == LimitRecord::kFree) continue;
      limit = place;
    }
    if (limit.used == LimitRecord::kRetired && limit.in_use == 0 && limit.waiting == 0) continue;
    by_number[i] = &result.emplace_back(view_of(limit, now));
    keyed = keyed || limit.defined.keyed;
  }
  if (keyed) add_keys(limiter, by_number);
  return result;
}

}  // namespace wsflow::limits
