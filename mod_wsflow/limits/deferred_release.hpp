#pragma once

#include "mod_wsflow/limits/lock.hpp"

namespace wsflow::limits {

// Permits that were given back without the lock: their state says so, and bits tell where to look.

// Sets the bits of a permit whose state has become `returned`. Any thread, without the lock. The caller then
// tries the lock: its holder may have looked before.
void announce(Table& table, PermitRef permit) noexcept;
// True: a permit was announced since the last collect(). Without the lock.
bool any_announced(Table& table) noexcept;
// Gives back what was announced.
void collect(LockedTable table, Lock& lock) noexcept;

}  // namespace wsflow::limits
