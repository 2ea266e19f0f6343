#pragma once

#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/limits/locked_table.hpp"
#include "mod_wsflow/limits/outlook.hpp"

namespace wsflow::limits {

// Counts a refusal by a limit, and by its entry if it is not none. Fills `refused` but for `retry_after`,
// which follows from the result.
Outlook refuse(LockedTable table, LimitNumber number, EntryRef ref, LimitReason reason, Micros now,
               LimitRefusal& refused) noexcept;

}  // namespace wsflow::limits
