#pragma once

#include <cstdint>

#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::shm {

// Room for tunnels in a child, as its siblings see it. A new connection may become a tunnel: where little
// room is left, one is *expected* until its first request is known, so that no two count on the same room.
// Expectations only steer connections; whether a handshake gets a tunnel is tunnel/admission's decision.
// Every thread of every process.

// Descriptors that a new connection needs while its handshake waits for the origin (capacity/arithmetic).
inline constexpr std::uint64_t kDescriptorsOfHandshake = 6;

// Counts one more connection in if the child of `slot` has room for it; false: it is full.
bool expect(ProcessSlot& slot) noexcept;
// One connection is not expected any more: it has its place among the tunnels, or will be none.
void settle(ProcessSlot& slot) noexcept;
// True if the child has room for more than `many` tunnels. Four relaxed loads.
inline bool has_much_room(const ProcessSlot& slot, std::uint64_t many) noexcept {
  return slot.taken.load(std::memory_order_relaxed) + many <
             slot.max_tunnels.load(std::memory_order_relaxed) &&
         slot.claimed.load(std::memory_order_relaxed) + kDescriptorsOfHandshake * many <
             slot.claimed_most.load(std::memory_order_relaxed);
}
// True if the child has room for one more.
bool has_room(const ProcessSlot& slot) noexcept;
// True if another child of the newest generation takes connections over and has room for one.
bool sibling_has_room(const Layout& layout, const ProcessSlot& self) noexcept;

}  // namespace wsflow::shm
