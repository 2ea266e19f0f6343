#pragma once

#include <cstdint>
#include <optional>

#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::limits {

// How many requests all limits have refused; nothing if the lock was not to be had within some milliseconds.
// Any process, any thread; holds the lock for microseconds.
std::optional<std::uint64_t> refusals(Limiter& limiter) noexcept;

}  // namespace wsflow::limits
