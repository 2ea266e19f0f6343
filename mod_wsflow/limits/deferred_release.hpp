#pragma once

#include "mod_wsflow/limits/lock.hpp"

namespace wsflow::limits {

// Permits that were given back without the lock: their state says so, and bits tell where to look.

// Tells that a permit's state is `returned` now. Any thread, no lock; then try to get it: whoever has it may
// have looked before.
void announce(Table& table, Index permit) noexcept;
// Whether somebody has announced anything since the last collect().
bool any_announced(Table& table) noexcept;
// Gives back what was announced. With the lock.
void collect(Table& table, Lock& lock) noexcept;

}  // namespace wsflow::limits
