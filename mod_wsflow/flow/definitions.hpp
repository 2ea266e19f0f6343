#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "mod_wsflow/flow/control.hpp"

namespace wsflow::flow {

// Makes zeroed memory a table. `secret` is random.
void initialise(Table& table, const std::uint64_t (&secret)[4]) noexcept;

// The limits of a new configuration. What an operator has changed at run time stays, unless the
// configuration's own value changed; what is not in it any more goes with its last permit. Parent, at
// (re)start. False if the table is full or the lock was not to be had: then `wrong` names the first limit
// that has no place.
bool define(Control& control, std::span<const Definition> definitions, std::uint32_t generation,
            std::uint32_t thread_share, Micros now, std::string_view& wrong) noexcept;

// All are cut off and may come back as a herd: the rates of all limits grow anew. Parent, at a restart that
// is not graceful. False if the lock was not to be had.
bool begin_ramps(Control& control, Micros now) noexcept;

// The number of a limit; nothing if no configured one has this name. Any process.
std::optional<std::uint32_t> find(Control& control, std::string_view name) noexcept;

// Changes what is in force; what is not given stays. Waiters that now find room are granted. Any process.
// False: no configured limit has this name.
struct Change {
  std::optional<std::uint32_t> concurrency;
  std::optional<std::uint32_t> queue;
  std::optional<double> rate;
  std::optional<std::uint32_t> burst;
};
bool change(Control& control, std::string_view name, const Change& change, Micros now) noexcept;

}  // namespace wsflow::flow
