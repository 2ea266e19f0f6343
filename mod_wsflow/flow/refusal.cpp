#include "mod_wsflow/flow/refusal.hpp"

#include <algorithm>
#include <utility>

#include "mod_wsflow/flow/permits.hpp"

namespace wsflow::flow {

namespace {

constexpr Micros kLogInterval = kSecond;

double mean(Micros sum, std::uint64_t count) noexcept {
  return count != 0 ? seconds(sum) / static_cast<double>(count) : 0;
}

Outlook by_rate(const Limit& limit, const Entry& entry, Micros now) noexcept {
  const auto pace = pace_of(limit, now);
  const auto due = std::max<Micros>(pace.next(entry.arrival) - now, 0);
  return {.known = true, .due = seconds(due), .ahead = static_cast<double>(entry.waiting), .pace = pace.rate};
}

Outlook by_releases(const Limit& limit, Micros now) noexcept {
  const auto last = limit.windows.last(now);
  const auto span = std::max(1.0, seconds(now - last.start));
  const auto each_second = [span](std::uint64_t count) { return static_cast<double>(count) / span; };
  Outlook result;
  // Those who were refused within the last second come back too.
  result.ahead = static_cast<double>(limit.waiting) + each_second(last.refused) + 1;
  result.pace = each_second(last.released);
  result.held_mean = mean(static_cast<Micros>(limit.held_us), limit.released);
  return result;
}

}  // namespace

Outlook refuse(Table& table, std::uint32_t number, Index entry, Reason reason, Micros now,
               Refused& refused) noexcept {
  auto& limit = table.limits[number];
  ++limit.refused[static_cast<std::size_t>(reason)];
  ++limit.windows.at(now).refused;
  if (entry != 0) ++table.entries[entry - 1].refused;
  refused.limit = number;
  refused.reason = reason;
  refused.log = now >= limit.log_after;
  if (refused.log) {
    refused.skipped = std::exchange(limit.log_skipped, 0);
    limit.log_after = now + kLogInterval;
  } else {
    ++limit.log_skipped;
  }
  const bool rate_alone = limit.now.rate != 0 && (reason == Reason::rate || limit.now.concurrency == 0);
  return rate_alone && entry != 0 ? by_rate(limit, table.entries[entry - 1], now) : by_releases(limit, now);
}

}  // namespace wsflow::flow
