#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::limits {

// Makes zeroed memory a table. `secret` is random.
void initialise(Table& table, const std::uint64_t (&secret)[4]) noexcept;

// Who comes when a configuration begins.
enum class Arrival : std::uint8_t {
  steady,  // as before: it was a graceful reload
  herd,    // everybody was cut off, and comes back at once: the rates of all limits grow anew
};

// The limits of a configuration, unless a process of the same or of a later generation has put them into
// force already. What an operator has changed at run time stays, unless the configuration's own value
// changed; what is not in it any more goes with its last permit. Then `handles`, one for each definition,
// tells where they stand. False: the lock was not to be had. Any process.
bool define(Limiter& limiter, std::span<const LimitDefinition> definitions, std::uint32_t generation,
            Arrival arrival, std::uint32_t thread_share, Micros now, std::span<LimitHandle> handles) noexcept;

// Changes what is in force; what is not given stays. Waiters that now find room are granted. Any process.
// False: no configured limit has this name.
struct Change {
  std::optional<std::uint32_t> concurrency;
  std::optional<std::uint32_t> queue;
  std::optional<double> rate;
  std::optional<std::uint32_t> burst;
};
bool change(Limiter& limiter, std::string_view name, const Change& change, Micros now) noexcept;

}  // namespace wsflow::limits
