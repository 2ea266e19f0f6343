#include "mod_wsflow/shm/mapping.hpp"

#include <sys/mman.h>

namespace wsflow::shm {

Layout* map_segment() noexcept {
  for (auto capacity = kGreatestCapacity; capacity.slots >= kLeastCapacity.slots;
       capacity = {capacity.slots / 4, capacity.pages / 4}) {
    auto* memory = ::mmap(nullptr, bytes(capacity), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED) return initialise(memory, capacity);
  }
  return nullptr;
}

void unmap_segment(Layout& layout) noexcept {
  ::munmap(&layout, bytes({layout.slot_capacity, layout.page_capacity}));
}

}  // namespace wsflow::shm
