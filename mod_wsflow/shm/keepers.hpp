#pragma once

#include <span>
#include <vector>

#include "mod_wsflow/shm/layout.hpp"
#include "mod_wsflow/shm/owner.hpp"

namespace wsflow::shm {

// What slots say of keepers. Whoever can write the segment can write anything there: before a signal,
// os::send_to_member() asks the kernel.
std::vector<Owner> named_keepers(std::span<const ProcessSlot> slots);

}  // namespace wsflow::shm
