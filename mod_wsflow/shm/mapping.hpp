#pragma once

#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::shm {

// Room for some thousand keepers: each slot is 3 KiB of addresses.
inline constexpr Capacity kUsualCapacity{4096, kMaxPages};
inline constexpr Capacity kLeastCapacity{1024, kMaxPages / 64};

// A fresh segment that forked processes share, of this capacity or, where the system has no room for it, a
// lesser one, which `capacity` then is: only what is used takes memory. nullptr and errno if there is no room
// for the least. It vanishes with the last process that has it. `fingerprint` is that of this build.
Layout* map_segment(Capacity& capacity, std::uint64_t fingerprint) noexcept;
// Takes it out of this process alone.
void unmap_segment(Layout& layout, Capacity capacity) noexcept;

}  // namespace wsflow::shm
