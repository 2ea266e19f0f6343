#include "mod_wsflow/limits/definitions.hpp"

#include <algorithm>

#include "mod_wsflow/limits/burial.hpp"
#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/grant.hpp"
#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/limits/permits.hpp"
#include "mod_wsflow/limits/recoverable.hpp"
#include "mod_wsflow/os/shared_mutex.hpp"

namespace wsflow::limits {

namespace {

bool is_named(const LimitRecord& limit, std::string_view name) noexcept {
  return limit.used != LimitRecord::kFree && name == limit.defined.name;
}

std::optional<std::uint32_t> number_of(const Table& table, std::string_view name) noexcept {
  const auto* found =
      std::find_if(table.limits, std::end(table.limits), [&](auto& limit) { return is_named(limit, name); });
  if (found == std::end(table.limits)) return std::nullopt;
  return static_cast<std::uint32_t>(found - table.limits);
}

std::optional<std::uint32_t> free_number(const Table& table) noexcept {
  const auto* end = table.limits + kLimits;
  const auto* found =
      std::find_if(table.limits, end, [](auto& limit) { return limit.used == LimitRecord::kFree; });
  if (found == end) return std::nullopt;
  return static_cast<std::uint32_t>(found - table.limits);
}

// What is not configured any more goes, once nobody holds it or waits for it.
void retire(Table& table, std::span<const LimitDefinition> definitions) noexcept {
  for (std::uint32_t i = 0; i <= kBuried; ++i) {
    auto& limit = table.limits[i];
    if (limit.used == LimitRecord::kFree) continue;
    const auto stays = std::any_of(definitions.begin(), definitions.end(),
                                   [&](auto& definition) { return is_named(limit, definition.name); });
    if (stays) continue;
    commit(limit.used, LimitRecord::kRetired);
    if (i != kBuried && (limit.in_use != 0 || limit.waiting != 0)) continue;
    drop_entries(table, i);
    // A waiter for another limit may need it too.
    if (limit.keys == 0) commit(limit.used, LimitRecord::kFree);
  }
}

// What is in force of `limit` when `next` becomes its definition.
LimitSettings in_force(const LimitRecord& limit, const LimitDefinition& next) noexcept {
  const bool adapts = next.most != 0;
  const bool adapted = limit.defined.most != 0;
  auto now = limit.defined.settings == next.settings && adapts == adapted ? limit.now : next.settings;
  if (adapts) {
    const auto learnt = adapted ? limit.now.concurrency : now.concurrency;
    now.concurrency = std::clamp(learnt, next.least, next.most);
  }
  return now;
}

LimitRecord fresh(Table& table, const LimitDefinition& definition, Micros now) noexcept {
  LimitRecord limit{};
  limit.serial = ++table.last_serial;
  limit.defined = definition;
  limit.now = definition.settings;
  limit.rolling.began = now;
  limit.ramp_started = now;
  return limit;
}

// A number that was not free before is taken last: an old process may still ask for what had it.
std::optional<std::uint32_t> new_number(Table& table, std::span<const LimitDefinition> definitions,
                                        Micros now) noexcept {
  if (const auto number = free_number(table)) return number;
  retire(table, definitions);
  if (const auto number = free_number(table)) return number;
  return bury_one(table, now);
}

void define_one(Table& table, Lock& lock, std::uint32_t number, const LimitDefinition& definition,
                Micros now) noexcept {
  auto& limit = table.limits[number];
  if (limit.used == LimitRecord::kRetired) limit.ramp_started = now;
  const auto before = gcra_of(limit, now).rate;
  limit.now = in_force(limit, definition);
  limit.defined = definition;
  commit(limit.used, LimitRecord::kConfigured);
  quicken(table, number, before, now);
  grant_limit(table, lock, number, now);
}

void define_all(Table& table, Lock& lock, std::span<const LimitDefinition> definitions, Micros now) noexcept {
  for (const auto& definition : definitions) {
    auto number = number_of(table, definition.name);
    if (!number) {
      number = new_number(table, definitions, now);
      if (!number) continue;
      table.limits[*number] = fresh(table, definition, now);
    }
    define_one(table, lock, *number, definition, now);
  }
  retire(table, definitions);
}

void begin_ramps(Table& table, Micros now) noexcept {
  for (auto& limit : table.limits) limit.ramp_started = now;
}

// Whether a process of this configuration, or of a later one, was here.
bool is_defined(const Table& table, std::uint32_t generation) noexcept {
  return table.defined_by != 0 && static_cast<std::int32_t>(table.defined_by - (generation + 1)) >= 0;
}

LimitHandle handle_of(const Table& table, std::string_view name) noexcept {
  const auto number = number_of(table, name);
  return number ? LimitHandle{*number, table.limits[*number].serial}
                : LimitHandle{.number = kNowhere, .serial = 0};
}

}  // namespace

void initialise(Table& table, const std::uint64_t (&secret)[4]) noexcept {
  os::make_shared_mutex(table.lock);
  std::copy(std::begin(secret), std::end(secret), table.secret);
}

bool define(Limiter& limiter, std::span<const LimitDefinition> definitions, std::uint32_t generation,
            Arrival arrival, std::uint32_t thread_share, Micros now,
            std::span<LimitHandle> handles) noexcept {
  auto& table = limiter.table();
  Lock lock(table, limiter.wakeups(), Lock::kPatience);
  if (!lock) return false;
  if (!is_defined(table, generation)) {
    if (arrival == Arrival::herd) begin_ramps(table, now);
    define_all(table, lock, definitions, now);
    table.thread_share = thread_share;
    commit(table.defined_by, generation + 1);
  }
  std::transform(definitions.begin(), definitions.end(), handles.begin(),
                 [&](const LimitDefinition& each) { return handle_of(table, each.name); });
  return true;
}

bool change(Limiter& limiter, std::string_view name, const Change& change, Micros now) noexcept {
  auto& table = limiter.table();
  Lock lock(table, limiter.wakeups(), Lock::kPatience);
  if (!lock) return false;
  const auto number = number_of(table, name);
  if (!number || table.limits[*number].used != LimitRecord::kConfigured) return false;
  const auto before = gcra_of(table.limits[*number], now).rate;
  auto& settings = table.limits[*number].now;
  settings.concurrency = change.concurrency.value_or(settings.concurrency);
  settings.queue = change.queue.value_or(settings.queue);
  settings.rate = change.rate.value_or(settings.rate);
  settings.burst = change.burst.value_or(settings.burst);
  quicken(table, *number, before, now);
  grant_limit(table, lock, *number, now);
  return true;
}

}  // namespace wsflow::limits
