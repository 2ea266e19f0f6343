#include "mod_wsflow/cluster/round.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "mod_wsflow/cluster/demand.hpp"
#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/grant.hpp"
#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/limits/permits.hpp"
#include "mod_wsflow/limits/recoverable.hpp"
#include "mod_wsflow/os/random.hpp"

namespace wsflow::cluster {

namespace {

using limits::Gcra;
using limits::LimitNumber;
using limits::LimitRecord;
using limits::Lock;
using limits::LockedTable;

// Requests pass the lock in between.
constexpr Micros kPatience = 20'000;

bool takes_part(const LimitRecord& limit) noexcept {
  if (!limits::is_shared(limit.defined)) return false;
  return limit.used == LimitRecord::kConfigured || (limit.used == LimitRecord::kRetired && limit.in_use != 0);
}

template <class Visit>
void each_shared(LockedTable table, Visit&& visit) {
  for (std::size_t i = 0; i < limits::kLimits; ++i) {
    if (takes_part(table->limits[i])) visit(LimitNumber::of(i), table->limits[i]);
  }
}

// Makes `units` of `unit_rate` this node's share of the rate. What is in the bucket stays there.
void set_units(LockedTable table, LimitNumber number, std::uint32_t units, double unit_rate,
               Micros boot) noexcept {
  auto& limit = table[number];
  auto& share = limit.share;
  if (limit.now.rate <= 0) {
    share.units = 0;
    return;
  }
  if (units == share.units && unit_rate == share.unit_rate && boot < share.until) return;
  const auto now = limits::now();
  const auto ramp = limits::ramp_share(limit.ramp_started, limit.defined.ramp, now);
  const auto pace = [ramp](double rate, std::uint32_t burst) {
    return Gcra{.rate = rate * burst * ramp, .burst = burst};
  };
  const auto before = boot < share.until ? pace(share.unit_rate, share.units) : Gcra{.rate = 0, .burst = 0};
  if (const auto ref = limits::obtain_entry(table, number, {}, now)) {
    auto& entry = table[ref];
    entry.arrival = pace(unit_rate, units).carry(entry.arrival, before, now);
  } else {
    units = 0;  // nothing would count what it lets through
  }
  share.unit_rate = unit_rate;
  share.units = units;
}

// A share whose lease has ended is none.
void drop_ended(LockedTable table, LimitNumber number, Micros boot) noexcept {
  auto& share = table[number].share;
  if (boot < share.until) return;
  share.permits = 0;
  share.units = 0;
}

Asked say(LimitNumber number, const LimitRecord& limit) noexcept {
  Asked asked{};
  asked.handle = {.number = number, .serial = limit.serial};
  std::copy(std::begin(limit.defined.cluster), std::end(limit.defined.cluster), asked.cluster);
  asked.concurrency = limit.now.concurrency;
  if (!limit.defined.keyed) asked.held = limit.in_use;
  if (limit.now.rate > 0) asked.burst = limit.now.burst;
  asked.rate = limit.now.rate;
  return asked;
}

// What the node says of a limit. What it wants to give back, it does not use from here on.
Asked ask_for(LockedTable table, LimitNumber number, Micros boot) noexcept {
  auto& limit = table[number];
  drop_ended(table, number, boot);
  auto& share = limit.share;
  auto asked = say(number, limit);
  if (limit.defined.keyed) return asked;
  const auto permits = permits_wish(limit, share.permits);
  const auto units = units_wish(limit, share.units);
  share.permits = std::min(share.permits, permits.want);
  if (units.want < share.units) set_units(table, number, units.want, share.unit_rate, boot);
  asked.permits = share.permits;
  asked.permits_want = permits.want;
  asked.permits_need = permits.need;
  asked.units = share.units;
  asked.units_want = units.want;
  asked.units_need = units.need;
  return asked;
}

bool is_urgent(const LimitRecord& limit, Micros boot) noexcept {
  const bool leased = boot < limit.share.until;
  const auto& told = limit.share;
  if (limit.defined.keyed) return told.nodes == 0;
  const auto permits = permits_wish(limit, leased ? told.permits : 0);
  const auto units = units_wish(limit, leased ? told.units : 0);
  // Where nothing is left, those that give back are waited for, unless somebody waits here.
  const bool left = told.others + told.permits < told.limit;
  const bool units_left = told.unit_others + told.units < told.burst;
  const bool wanted = limit.waiting != 0 || told.recent_refusals > kAnyRefusal;
  if (told.settling != 0 && leased) return false;
  return (permits.urgent && (left || wanted || permits.want < told.permits)) ||
         (units.urgent && (units_left || wanted || units.want < told.units));
}

// What each key owes stays as many tokens as it was: else a lower rate would take them for fewer.
void change_unit_rate(LockedTable table, LimitNumber number, double rate) noexcept {
  const auto before = std::exchange(table[number].share.unit_rate, rate);
  if (before <= 0 || rate <= 0 || before == rate) return;
  const auto now = limits::now();
  for (std::uint32_t i = 0; i < table->entries_seen; ++i) {
    auto& entry = table[limits::EntryRef::of(i)];
    if (entry.limit != number || entry.arrival <= now) continue;
    entry.arrival = now + static_cast<Micros>(static_cast<double>(entry.arrival - now) * before / rate);
  }
}

// False: the limit is gone.
bool apply(LockedTable table, Lock& lock, const Asked& asked, const Told& told, Micros until,
           Micros boot) noexcept {
  auto& limit = table[asked.handle.number];
  if (limit.used == LimitRecord::kFree || limit.serial != asked.handle.serial) return false;
  auto& share = limit.share;
  share.nodes = told.nodes;
  share.limit = told.concurrency;
  share.others = told.others;
  share.permits_lacking = told.permits_lacking;
  share.burst = told.burst;
  share.unit_others = told.unit_others;
  share.units_lacking = told.units_lacking;
  share.rate = told.rate;
  share.settling = told.settled ? 0 : 1;
  if (limits::shares_keys(limit.defined)) {
    // Each key has a share of its own.
    change_unit_rate(table, asked.handle.number, told.burst != 0 ? told.rate / told.burst : 0);
    limits::commit(share.until, until);
    return true;
  }
  share.permits = told.permits;
  set_units(table, asked.handle.number, told.units, told.burst != 0 ? told.rate / told.burst : 0, boot);
  // Behind the share that it is of, if this process is killed here.
  limits::commit(share.until, until);
  limits::grant_limit(table, lock, asked.handle.number, limits::now());
  return true;
}

bool differs(const Asked& asked, const Told& told) noexcept {
  // The rate has passed through a text.
  return told.concurrency != asked.concurrency || told.burst != asked.burst ||
         std::abs(told.rate - asked.rate) > asked.rate * 1e-6;
}

}  // namespace

Turn begin(const limits::LimitsAccess& access, std::uint32_t slot, const Settings& settings, bool may_ask,
           Micros boot, Request& request) {
  request.limits.clear();
  request.limits.reserve(limits::kLimits);
  Lock lock(access.table(), access.wakeups(), kPatience);
  if (!lock) return Turn::stand_by;
  const auto table = lock.table();
  auto& state = table->cluster;
  if (state.worker != slot + 1 && state.worker != 0 && boot < state.worker_until) return Turn::stand_by;
  state.worker = slot + 1;
  state.worker_until = boot + 2 * settings.timeout + limits::kSecond;
  // Once in the life of the shared memory.
  if (state.node[0] == 0 && state.node[1] == 0)
    for (auto& word : state.node) word = os::random64();

  bool any = false;
  bool urgent = false;
  each_shared(table, [&](LimitNumber, LimitRecord& limit) {
    any = true;
    count_demand(limit, boot);
    urgent = urgent || is_urgent(limit, boot);
  });
  const auto due = state.asked + (urgent ? kPause : interval(settings));
  if (!any || !may_ask || (boot < due && state.asked != 0)) return Turn::wait;
  state.asked = boot;
  request.node[0] = state.node[0];
  request.node[1] = state.node[1];
  request.sequence = ++state.sequence;
  request.began = boot;
  each_shared(table, [&](LimitNumber number, LimitRecord&) {
    request.limits.push_back(ask_for(table, number, boot));
  });
  return Turn::ask;
}

bool finish(const limits::LimitsAccess& access, const Settings& settings, const Request& request,
            std::span<const Told> told, Micros boot, News& news) {
  news.differ.reserve(request.limits.size());
  Lock lock(access.table(), access.wakeups(), Lock::kPatience);
  if (!lock) return false;
  const auto table = lock.table();
  auto& state = table->cluster;
  // Another process has taken over, or this one was stopped meanwhile.
  if (state.sequence != request.sequence || boot - request.began > margin(settings)) return false;
  const auto until = request.began + settings.lease - margin(settings);
  for (std::size_t i = 0; i < request.limits.size(); ++i) {
    const auto& asked = request.limits[i];
    if (!apply(table, lock, asked, told[i], until, boot)) continue;
    auto& noted = table[asked.handle.number].share.differs;
    const bool other = differs(asked, told[i]);
    if (other && noted == 0) news.differ.push_back(i);
    noted = other ? 1 : 0;
  }
  const bool all_well = state.keys.away == 0;
  news.back = std::exchange(state.away, 0) != 0 && all_well;
  if (all_well) state.error[0] = '\0';
  state.answered = boot;
  ++state.answers;
  return true;
}

void fail(const limits::LimitsAccess& access, std::string_view error, Micros boot, Subject subject,
          News& news) noexcept {
  Lock lock(access.table(), access.wakeups(), Lock::kPatience);
  if (!lock) return;
  const auto table = lock.table();
  auto& state = table->cluster;
  const auto size = std::min(error.size(), sizeof state.error - 1);
  std::copy_n(error.data(), size, state.error);
  state.error[size] = '\0';
  ++state.failures;
  news.away = state.away == 0 && state.keys.away == 0;
  if (subject == Subject::keys) {
    state.keys.away = 1;
    return;
  }
  bool ended = true;
  each_shared(table,
              [&](LimitNumber, const LimitRecord& limit) { ended = ended && boot >= limit.share.until; });
  news.ended = ended && state.away != 2 && state.answered != 0;
  state.away = ended ? 2 : std::max(state.away, 1U);
}

void leave(const limits::LimitsAccess& access, std::uint32_t slot) noexcept {
  Lock lock(access.table(), access.wakeups(), kPatience);
  if (!lock) return;
  auto& state = lock.table()->cluster;
  if (state.worker == slot + 1) state.worker = 0;
}

}  // namespace wsflow::cluster
