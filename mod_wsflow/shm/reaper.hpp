#pragma once

#include <cstdint>
#include <optional>

#include "mod_wsflow/shm/layout.hpp"
#include "mod_wsflow/shm/lost.hpp"
#include "mod_wsflow/shm/owner.hpp"

namespace wsflow::shm {

// To reap a process that has died is to add its counters to the totals, to end its tunnels as `process_lost`,
// to take back its rows, its permits and what it held, and to free its slot. Any process and thread may do it
// but the parent, which takes no lock that lies where children write. Nobody waits: where another process has
// the reaper's lock, or the lock of the limits is not to be had at once, these functions do nothing, and the
// next round does it.
//
// `lost`, if not null, gets what its process leaves behind, each once. A reaper that is killed may take it
// along, and so may want of memory.

// Reaps `slot` if `owner`, of whom the caller knows that it is dead, has it.
bool reap(Layout& layout, ProcessSlot& slot, Owner owner, Lost* lost = nullptr) noexcept;
// Reaps every slot whose process is gone; how many, or nothing if another process has the reaper's lock.
std::optional<unsigned> reap_all(Layout& layout, Lost* lost = nullptr) noexcept;
// All processes ask in the rounds of their caretakers; one of them reaps in each span, whoever that is: it
// may be stopped or killed right after. `now_ms` is monotonic.
inline constexpr std::int64_t kReapSpan_ms = 1000;
bool claim_round(Layout& layout, std::int64_t now_ms) noexcept;

}  // namespace wsflow::shm
