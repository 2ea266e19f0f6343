#include "mod_wsflow/flow/definitions.hpp"

#include <algorithm>

#include "mod_wsflow/flow/entries.hpp"
#include "mod_wsflow/flow/grant.hpp"
#include "mod_wsflow/flow/lock.hpp"
#include "mod_wsflow/flow/permits.hpp"
#include "mod_wsflow/flow/truth.hpp"
#include "mod_wsflow/os/shared_mutex.hpp"

namespace wsflow::flow {

namespace {

bool is_named(const Limit& limit, std::string_view name) noexcept {
  return limit.used != Limit::kFree && name == limit.defined.name;
}

std::optional<std::uint32_t> number_of(const Table& table, std::string_view name) noexcept {
  const auto* found =
      std::find_if(table.limits, std::end(table.limits), [&](auto& limit) { return is_named(limit, name); });
  if (found == std::end(table.limits)) return std::nullopt;
  return static_cast<std::uint32_t>(found - table.limits);
}

std::optional<std::uint32_t> free_number(const Table& table) noexcept {
  const auto* found = std::find_if(table.limits, std::end(table.limits),
                                   [](auto& limit) { return limit.used == Limit::kFree; });
  if (found == std::end(table.limits)) return std::nullopt;
  return static_cast<std::uint32_t>(found - table.limits);
}

// What is not configured any more goes, once nobody holds it or waits for it.
void retire(Table& table, std::span<const Definition> definitions) noexcept {
  for (std::uint32_t i = 0; i < kLimits; ++i) {
    auto& limit = table.limits[i];
    if (limit.used == Limit::kFree) continue;
    const auto stays = std::any_of(definitions.begin(), definitions.end(),
                                   [&](auto& definition) { return is_named(limit, definition.name); });
    if (stays) continue;
    set_truth(limit.used, Limit::kRetired);
    if (limit.in_use != 0 || limit.waiting != 0) continue;
    drop_entries(table, i);
    // A waiter for another limit may need it too.
    if (limit.keys == 0) set_truth(limit.used, Limit::kFree);
  }
}

// What is in force of `limit` when `next` becomes its definition.
Settings in_force(const Limit& limit, const Definition& next) noexcept {
  const bool adapts = next.most != 0;
  const bool adapted = limit.defined.most != 0;
  auto now = limit.defined.settings == next.settings && adapts == adapted ? limit.now : next.settings;
  if (adapts) {
    const auto learnt = adapted ? limit.now.concurrency : now.concurrency;
    now.concurrency = std::clamp(learnt, next.least, next.most);
  }
  return now;
}

Limit fresh(const Definition& definition, Micros now) noexcept {
  Limit limit{};
  limit.defined = definition;
  limit.now = definition.settings;
  limit.windows.began = now;
  limit.ramp_started = now;
  return limit;
}

// A number that was not free before is taken last: an old process may still ask for what had it.
std::optional<std::uint32_t> new_number(Table& table, std::span<const Definition> definitions) noexcept {
  if (const auto number = free_number(table)) return number;
  retire(table, definitions);
  return free_number(table);
}

}  // namespace

void initialise(Table& table, const std::uint64_t (&secret)[4]) noexcept {
  os::make_shared_mutex(table.lock);
  std::copy(std::begin(secret), std::end(secret), table.secret);
}

bool define(Control& control, std::span<const Definition> definitions, std::uint32_t generation,
            std::uint32_t thread_share, Micros now, std::string_view& wrong) noexcept {
  auto& table = control.table();
  Lock lock(table, control.bells(), Lock::kPatience);
  if (!lock) {
    wrong = definitions.empty() ? std::string_view{} : definitions.front().name;
    return false;
  }
  for (const auto& definition : definitions) {
    auto number = number_of(table, definition.name);
    if (!number) {
      number = new_number(table, definitions);
      if (!number) {
        wrong = definition.name;
        return false;
      }
      table.limits[*number] = fresh(definition, now);
    }
    auto& limit = table.limits[*number];
    if (limit.used == Limit::kRetired) limit.ramp_started = now;
    const auto before = pace_of(limit, now).rate;
    limit.now = in_force(limit, definition);
    limit.defined = definition;
    set_truth(limit.used, Limit::kConfigured);
    quicken(table, *number, before, now);
    grant_limit(table, lock, *number, now);
  }
  retire(table, definitions);
  table.generation = generation;
  table.thread_share = thread_share;
  return true;
}

bool begin_ramps(Control& control, Micros now) noexcept {
  auto& table = control.table();
  const Lock lock(table, control.bells(), Lock::kPatience);
  if (!lock) return false;
  for (auto& limit : table.limits) limit.ramp_started = now;
  return true;
}

std::optional<std::uint32_t> find(Control& control, std::string_view name) noexcept {
  const Lock lock(control.table(), control.bells(), Lock::kPatience);
  if (!lock) return std::nullopt;
  const auto number = number_of(control.table(), name);
  return number && control.table().limits[*number].used == Limit::kConfigured ? number : std::nullopt;
}

bool change(Control& control, std::string_view name, const Change& change, Micros now) noexcept {
  auto& table = control.table();
  Lock lock(table, control.bells(), Lock::kPatience);
  if (!lock) return false;
  const auto number = number_of(table, name);
  if (!number || table.limits[*number].used != Limit::kConfigured) return false;
  const auto before = pace_of(table.limits[*number], now).rate;
  auto& settings = table.limits[*number].now;
  settings.concurrency = change.concurrency.value_or(settings.concurrency);
  settings.queue = change.queue.value_or(settings.queue);
  settings.rate = change.rate.value_or(settings.rate);
  settings.burst = change.burst.value_or(settings.burst);
  quicken(table, *number, before, now);
  grant_limit(table, lock, *number, now);
  return true;
}

}  // namespace wsflow::flow
