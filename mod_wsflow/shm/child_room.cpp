#include "mod_wsflow/shm/child_room.hpp"

#include <algorithm>

namespace wsflow::shm {

namespace {

// True if `expected` connections, with the tunnels and the handshakes that are there, fit in.
bool fits(const ProcessSlot& slot, std::uint64_t expected) noexcept {
  return slot.taken.load() + expected <= slot.max_tunnels.load() &&
         slot.claimed.load() + kDescriptorsOfHandshake * expected <= slot.claimed_most.load();
}

}  // namespace

bool expect(ProcessSlot& slot) noexcept {
  // No moment with one too many: whoever looked for room in it would wait in vain.
  auto expected = slot.expected.load();
  do {
    if (!fits(slot, expected + std::uint64_t{1})) return false;
  } while (!slot.expected.compare_exchange_weak(expected, expected + 1));
  return true;
}

void settle(ProcessSlot& slot) noexcept {
  slot.expected.fetch_sub(1);
}

bool has_room(const ProcessSlot& slot) noexcept {
  return fits(slot, slot.expected.load() + std::uint64_t{1});
}

bool sibling_has_room(const Layout& layout, const ProcessSlot& self) noexcept {
  const auto newest = layout.generation.load(std::memory_order_relaxed);
  const auto all = used_slots(layout, layout.slot_capacity);
  return std::any_of(all.begin(), all.end(), [&](const ProcessSlot& slot) {
    return &slot != &self && slot.takes_over.load(std::memory_order_relaxed) != 0 &&
           slot.owner.load(std::memory_order_relaxed) != 0 &&
           slot.generation.load(std::memory_order_relaxed) == newest && has_room(slot);
  });
}

}  // namespace wsflow::shm
