#include "mod_wsflow/limits/definitions.hpp"

#include <algorithm>

#include "mod_wsflow/limits/burial.hpp"
#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/grant.hpp"
#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/limits/permits.hpp"
#include "mod_wsflow/limits/recoverable.hpp"
#include "mod_wsflow/limits/shared_keys.hpp"
#include "mod_wsflow/os/shared_mutex.hpp"

namespace wsflow::limits {

namespace {

bool is_named(const LimitRecord& limit, std::string_view name) noexcept {
  return limit.used != LimitRecord::kFree && name == limit.defined.name;
}

// The limit of a name, or none.
LimitNumber number_of(LockedTable table, std::string_view name) noexcept {
  for (std::size_t i = 0; i < std::size(table->limits); ++i) {
    if (is_named(table->limits[i], name)) return LimitNumber::of(i);
  }
  return {};
}

LimitNumber free_number(LockedTable table) noexcept {
  for (std::size_t i = 0; i < kLimits; ++i) {
    if (table->limits[i].used == LimitRecord::kFree) return LimitNumber::of(i);
  }
  return {};
}

// Frees the limits that are gone from the configuration, once nobody holds them or waits for them.
void retire(LockedTable table, std::span<const LimitDefinition> definitions) noexcept {
  for (std::size_t i = 0; i < std::size(table->limits); ++i) {
    const auto number = LimitNumber::of(i);
    auto& limit = table[number];
    if (limit.used == LimitRecord::kFree) continue;
    const auto stays = std::any_of(definitions.begin(), definitions.end(),
                                   [&](auto& definition) { return is_named(limit, definition.name); });
    if (stays) continue;
    commit(limit.used, LimitRecord::kRetired);
    if (number != kBuried && (limit.in_use != 0 || limit.waiting != 0)) continue;
    drop_entries(table, number, Noted::kept);
    // A waiter for another limit may need it too, or the database has keys of it.
    if (limit.keys == 0) commit(limit.used, LimitRecord::kFree);
  }
}

// The settings of `limit` that are in force once `next` is its definition.
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

LimitRecord fresh(LockedTable table, const LimitDefinition& definition, Micros now) noexcept {
  LimitRecord limit{};
  limit.serial = ++table->last_serial;
  limit.defined = definition;
  limit.now = definition.settings;
  limit.rolling.began = now;
  limit.ramp_started = now;
  return limit;
}

// Prefers a number that is free already: an old process may still ask for the limit that had another one.
LimitNumber new_number(LockedTable table, std::span<const LimitDefinition> definitions, Micros now) noexcept {
  if (const auto number = free_number(table)) return number;
  retire(table, definitions);
  if (const auto number = free_number(table)) return number;
  return bury_one(table, now);
}

void define_one(LockedTable table, Lock& lock, LimitNumber number, const LimitDefinition& definition,
                Micros now) noexcept {
  auto& limit = table[number];
  if (limit.used == LimitRecord::kRetired) limit.ramp_started = now;
  const auto before = own_gcra(limit, now).rate;
  limit.now = in_force(limit, definition);
  const bool other = std::string_view(limit.defined.cluster) != definition.cluster ||
                     shares_keys(limit.defined) != shares_keys(definition);
  if (other && shares_keys(limit.defined)) forget_keys(table, number);
  if (other) limit.share = {};
  limit.defined = definition;
  if (other && shares_keys(definition)) track_keys(table, number);
  commit(limit.used, LimitRecord::kConfigured);
  quicken(table, number, before, now);
  grant_limit(table, lock, number, now);
}

void define_all(LockedTable table, Lock& lock, std::span<const LimitDefinition> definitions,
                Micros now) noexcept {
  for (const auto& definition : definitions) {
    auto number = number_of(table, definition.name);
    if (!number) {
      number = new_number(table, definitions, now);
      if (!number) continue;
      table[number] = fresh(table, definition, now);
    }
    define_one(table, lock, number, definition, now);
  }
  retire(table, definitions);
}

void begin_ramps(LockedTable table, Micros now) noexcept {
  for (auto& limit : table->limits) limit.ramp_started = now;
}

// True: a process of this configuration, or of a later one, has defined the limits.
bool is_defined(LockedTable table, std::uint32_t generation) noexcept {
  return table->defined_by != 0 && static_cast<std::int32_t>(table->defined_by - (generation + 1)) >= 0;
}

LimitHandle handle_of(LockedTable table, std::string_view name) noexcept {
  const auto number = number_of(table, name);
  return number ? LimitHandle{number, table[number].serial} : LimitHandle{};
}

}  // namespace

void initialise(Table& table, const std::uint64_t (&secret)[4]) noexcept {
  os::make_shared_mutex(table.lock);
  std::copy(std::begin(secret), std::end(secret), table.secret);
}

bool define(const LimitsAccess& access, std::span<const LimitDefinition> definitions,
            std::uint32_t generation, Arrival arrival, std::uint32_t thread_share, Micros now,
            std::span<LimitHandle> handles) noexcept {
  Lock lock(access.table(), access.wakeups(), Lock::kPatience);
  if (!lock) return false;
  const auto table = lock.table();
  if (!is_defined(table, generation)) {
    if (arrival == Arrival::herd) begin_ramps(table, now);
    define_all(table, lock, definitions, now);
    table->thread_share = thread_share;
    commit(table->defined_by, generation + 1);
  }
  std::transform(definitions.begin(), definitions.end(), handles.begin(),
                 [&](const LimitDefinition& each) { return handle_of(table, each.name); });
  return true;
}

bool change(const LimitsAccess& access, std::string_view name, const Change& change, Micros now) noexcept {
  Lock lock(access.table(), access.wakeups(), Lock::kPatience);
  if (!lock) return false;
  const auto table = lock.table();
  const auto number = number_of(table, name);
  if (!number || table[number].used != LimitRecord::kConfigured) return false;
  const auto before = own_gcra(table[number], now).rate;
  auto& settings = table[number].now;
  settings.concurrency = change.concurrency.value_or(settings.concurrency);
  settings.queue = change.queue.value_or(settings.queue);
  settings.rate = change.rate.value_or(settings.rate);
  settings.burst = change.burst.value_or(settings.burst);
  quicken(table, number, before, now);
  grant_limit(table, lock, number, now);
  return true;
}

}  // namespace wsflow::limits
