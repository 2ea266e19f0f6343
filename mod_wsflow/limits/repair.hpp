#pragma once

#include "mod_wsflow/limits/lock.hpp"

namespace wsflow::limits {

// Makes all that is derived anew from what is true, frees what was given back, and grants what can be. With
// the lock, after a process has died with it. Killed anywhere, it can be done again.
void repair(Table& table, Lock& lock) noexcept;

}  // namespace wsflow::limits
