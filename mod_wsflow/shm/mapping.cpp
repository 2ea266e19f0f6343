#include "mod_wsflow/shm/mapping.hpp"

#include <sys/mman.h>

#include <algorithm>

namespace wsflow::shm {

Layout* map_segment(Capacity& capacity, std::uint64_t fingerprint) noexcept {
  capacity = {.slots = std::min(capacity.slots, kMaxSlots), .pages = std::min(capacity.pages, kMaxPages)};
  for (;;) {
    auto* memory = ::mmap(nullptr, bytes(capacity), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED) return initialise(memory, capacity, fingerprint);
    // A process without a slot serves little, a tunnel without a row is refused.
    if (capacity.pages > kLeastCapacity.pages) {
      capacity.pages = std::max(capacity.pages / 4, kLeastCapacity.pages);
    } else if (capacity.slots > kLeastCapacity.slots) {
      capacity.slots = std::max(capacity.slots / 4, kLeastCapacity.slots);
    } else {
      return nullptr;
    }
  }
}

void unmap_segment(Layout& layout, Capacity capacity) noexcept {
  ::munmap(&layout, bytes(capacity));
}

}  // namespace wsflow::shm
