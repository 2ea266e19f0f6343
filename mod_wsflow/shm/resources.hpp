#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::shm {

// Things that all processes share out between them. Each process says in `held` of its slot how much of each
// it has, so that what a dead one had comes back with its slot.

// The index of each resource that a configuration names by its key, which is not 0; nothing for those that
// find no room: all others are named, held, or known to a child of an older configuration. `generation` is
// that of the configuration, `slots` those that were ever used. Parent, before its children start.
std::vector<std::optional<std::uint32_t>> name_resources(Layout& layout, std::span<const ProcessSlot> slots,
                                                         std::span<const std::uint64_t> keys,
                                                         std::uint32_t generation);
// What all processes hold of it.
std::uint64_t held(const Layout& layout, std::uint32_t resource) noexcept;
std::uint64_t held(std::span<const ProcessSlot> slots, std::uint32_t resource) noexcept;

}  // namespace wsflow::shm
