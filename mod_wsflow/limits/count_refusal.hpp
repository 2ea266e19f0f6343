#pragma once

#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/limits/outlook.hpp"

namespace wsflow::limits {

// Counts a refusal by a limit, and by its entry if it is not 0, and fills `refused` but for the time of
// retrying, which follows from the result. With the lock.
Outlook refuse(Table& table, std::uint32_t limit, Index entry, LimitReason reason, Micros now,
               LimitRefusal& refused) noexcept;

}  // namespace wsflow::limits
