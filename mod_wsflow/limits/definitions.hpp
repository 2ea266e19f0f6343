#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::limits {

// Makes zeroed memory a table, before any process has it. `secret` is random.
void initialise(Table& table, const std::uint64_t (&secret)[4]) noexcept;

// The clients that come when a configuration begins.
enum class Arrival : std::uint8_t {
  steady,  // as before: it was a graceful reload
  herd,    // all were cut off, and come back at once: the rates of all limits grow anew
};

// Puts the limits of a configuration into force, unless a process of the same or of a later generation has
// done so. What an operator has changed at run time stays, unless the configuration's own value changed; a
// limit that is gone from the configuration goes with its last permit. Fills `handles`, one for each
// definition, with the limits' numbers. False: the lock was not to be had. Any process.
bool define(const LimitsAccess& access, std::span<const LimitDefinition> definitions,
            std::uint32_t generation, Arrival arrival, std::uint32_t thread_share, Micros now,
            std::span<LimitHandle> handles) noexcept;

// Changes settings of a limit that are in force; those that are not given stay. Grants waiters that now find
// room. Any process. False: no configured limit has this name, or the lock was not to be had.
struct Change {
  std::optional<std::uint32_t> concurrency;
  std::optional<std::uint32_t> queue;
  std::optional<double> rate;
  std::optional<std::uint32_t> burst;
};
bool change(const LimitsAccess& access, std::string_view name, const Change& change, Micros now) noexcept;

}  // namespace wsflow::limits
