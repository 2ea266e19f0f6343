#pragma once

#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::shm {

inline constexpr Capacity kGreatestCapacity{kMaxSlots, kMaxPages};
inline constexpr Capacity kLeastCapacity{kMaxSlots / 64, kMaxPages / 64};

// A fresh segment that forked processes share, as large as the system allows: only what is used takes memory.
// nullptr and errno if there is no room for the smallest. It vanishes with the last process that has it.
Layout* map_segment() noexcept;
// Takes it out of this process alone.
void unmap_segment(Layout& layout) noexcept;

}  // namespace wsflow::shm
