#pragma once

#include <cstdint>
#include <optional>

#include "mod_wsflow/shm/layout.hpp"
#include "mod_wsflow/shm/owner.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::shm {

// Folding adds what a process that has died has counted to the totals, ends its tunnels as `process_lost`,
// takes back its rows, its permits and what it held, and frees its slot. Any process and thread may do it but
// the parent, which takes no lock that lies where children write.
// Nobody waits: where another one is folding, or the lock of the limits is not to be had at once, these do
// nothing, and the next sweep does it.
//
// `lost`, if not null, gets the tunnels as their rows told of them last, each from one fold only. A fold that
// is killed may take them along, and so may want of memory.

// Folds `slot` if `owner`, of whom the caller knows that it is dead, has it.
bool reap(Layout& layout, ProcessSlot& slot, Owner owner, LostTunnels* lost = nullptr) noexcept;
// Folds every slot whose process is gone; how many, or nothing if another one is folding.
std::optional<unsigned> reap_all(Layout& layout, LostTunnels* lost = nullptr) noexcept;
// Of all processes that ask in the rounds of their caretakers one sweeps in each span, whoever that is: it
// may be stopped or killed right after. `now_ms` is monotonic.
inline constexpr std::int64_t kReapSpan_ms = 1000;
bool claim_round(Layout& layout, std::int64_t now_ms) noexcept;

}  // namespace wsflow::shm
