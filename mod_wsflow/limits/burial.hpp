#pragma once

#include <optional>

#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// A limit of an earlier configuration keeps its number as long as anything is held of it. Where there are too
// many of them, what is held of the oldest becomes part of the limit "(retired)", which counts it and limits
// nothing. If a limit of that name comes back later, it knows nothing of what was held before.

// The number that has become free so; nothing if all others are in the configuration, or waited for. With the
// lock.
std::optional<std::uint32_t> bury_one(Table& table, Micros now) noexcept;

}  // namespace wsflow::limits
