#pragma once

#include "mod_wsflow/flow/control.hpp"
#include "mod_wsflow/flow/outlook.hpp"

namespace wsflow::flow {

// Counts a refusal by a limit, and by its entry if it is not 0, and fills `refused` but for the time of
// retrying, which follows from the result. With the lock.
Outlook refuse(Table& table, std::uint32_t limit, Index entry, Reason reason, Micros now,
               Refused& refused) noexcept;

}  // namespace wsflow::flow
