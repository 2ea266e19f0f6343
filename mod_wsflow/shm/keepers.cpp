#include "mod_wsflow/shm/keepers.hpp"

namespace wsflow::shm {

std::vector<Owner> named_keepers(std::span<const ProcessSlot> slots) {
  std::vector<Owner> found;
  for (const auto& slot : slots) {
    const Owner owner{slot.owner.load()};
    if (owner.pid() != 0 && slot.kind.load() == static_cast<std::uint32_t>(ProcessKind::keeper))
      found.push_back(owner);
  }
  return found;
}

}  // namespace wsflow::shm
