#pragma once

#include "mod_wsflow/limits/locked_table.hpp"

namespace wsflow::limits {

// A limit of an earlier configuration keeps its number as long as anything is held of it. Where there are too
// many of them, what is held of the oldest becomes part of the limit "(retired)", which counts it and limits
// nothing. A later limit of the old name knows nothing of what was held before.

// The number that has become free so; none if all others are in the configuration, or have waiters.
LimitNumber bury_one(LockedTable table, Micros now) noexcept;

}  // namespace wsflow::limits
