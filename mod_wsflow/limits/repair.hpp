#pragma once

#include "mod_wsflow/limits/lock.hpp"

namespace wsflow::limits {

// After a process has died with the lock: computes anew all that is derived, frees what was given back, and
// grants what can be. If this process is killed anywhere in it, the next one does it again.
void repair(LockedTable table, Lock& lock) noexcept;

}  // namespace wsflow::limits
