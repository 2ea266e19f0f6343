#pragma once

#include "mod_wsflow/limits/lock.hpp"

namespace wsflow::limits {

// Frees the permits of the process that had slot number `slot` and has died, and grants what that makes room
// for. Any process. Waits for the lock at most `patience`, more than once. False: it did not get the lock,
// and can be called again.
bool reap(Table& table, const SlotWakeups& wakeups, std::uint32_t slot, Micros patience) noexcept;

}  // namespace wsflow::limits
