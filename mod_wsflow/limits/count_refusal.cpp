#include "mod_wsflow/limits/count_refusal.hpp"

#include <algorithm>
#include <utility>

#include "mod_wsflow/limits/permits.hpp"

namespace wsflow::limits {

namespace {

constexpr Micros kLogInterval = kSecond;

// The mean time that a permit is held, in seconds: of the last minute, leaning on the time before where few
// came back. 0: none has come back. Permits that are held count as half way through.
double holding_time(const LimitRecord& limit, const SpanStats& last) noexcept {
  const auto& load = limit.load;
  if (load.ended == 0) return 0;
  const auto halves = limit.in_use / 2.0;
  const auto before = load.held_us / (load.ended + halves);
  const auto weight = std::min(load.ended, std::max(10.0, 4.0 * limit.in_use));
  const auto ended = static_cast<double>(last.released);
  return (last.inside_us + weight * before) / (ended + halves + weight) / kSecond;
}

Outlook by_releases(const LimitRecord& limit, const Entry* entry, Micros now) noexcept {
  const auto last = limit.rolling.last(now);
  const auto inside = std::max<double>(entry != nullptr ? entry->in_use : limit.in_use, 1);
  const auto waiting = static_cast<double>(entry != nullptr ? entry->waiting : 0);
  // Clients that were refused within the last second come back too. Their keys are not known.
  const auto refused = static_cast<double>(last.refused) / std::max(1.0, seconds(now - last.start));
  const auto back = limit.defined.keyed ? 0 : std::min(refused, inside + waiting);
  const auto time = holding_time(limit, last);
  return {.ahead = waiting + back + 1,
          .pace = time > 0 ? inside / time : 0,
          .so_far = limit.in_use != 0 ? limit.load.held_us / limit.in_use / kSecond : 0};
}

// `pace`: of the entry; rate 0: none counts.
Outlook outlook_of(const LimitRecord& limit, const Entry* entry, const Gcra& pace, LimitReason reason,
                   Micros now) noexcept {
  if (reason == LimitReason::penalty) {
    const auto left = Micros{entry->barred_until} * kSecond - now;
    return {.known = true, .due = seconds(left), .ahead = 0, .pace = 0, .so_far = 0};
  }
  if (entry == nullptr || pace.rate <= 0) return by_releases(limit, entry, now);
  const Outlook by_rate{.known = true,
                        .due = seconds(std::max<Micros>(pace.next(entry->arrival) - now, 0)),
                        .ahead = static_cast<double>(entry->waiting),
                        .pace = pace.rate};
  if (reason == LimitReason::rate || limit.now.concurrency == 0) return by_rate;
  return longer(by_rate, by_releases(limit, entry, now));
}

}  // namespace

Outlook refuse(LockedTable table, LimitNumber number, EntryRef ref, LimitReason reason, Micros now,
               LimitRefusal& refused) noexcept {
  auto& limit = table[number];
  auto* entry = ref ? &table[ref] : nullptr;
  pass_time(limit, now);
  ++limit.refused[static_cast<std::size_t>(reason)];
  ++limit.rolling.at(now).refused;
  // A refusal for want of permits, not for the rate.
  const bool for_permits = reason != LimitReason::rate && reason != LimitReason::penalty;
  if (for_permits && limit.now.concurrency != 0) limit.load.stays.come(false, now);
  if (entry != nullptr) ++entry->refused;
  refused.limit = number;
  refused.reason = reason;
  refused.log = now >= limit.log_after;
  if (refused.log) {
    refused.skipped = std::exchange(limit.log_skipped, 0);
    refused.need = need_of(limit, limit.rolling.last(now), now);
    limit.log_after = now + kLogInterval;
  } else {
    ++limit.log_skipped;
  }
  const auto pace = ref && limit.now.rate != 0 ? gcra_of(table, ref, now) : Gcra{.rate = 0, .burst = 0};
  return outlook_of(limit, entry, pace, reason, now);
}

}  // namespace wsflow::limits
