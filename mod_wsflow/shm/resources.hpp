#pragma once

#include <cstdint>
#include <optional>

#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::shm {

// Things that all processes share out between them. Each process says in `held` of its slot how much of each
// it has, so that what a dead one had comes back with its slot.

// The index of the resource with this key, which is not 0; nothing if the table is full. Any process.
std::optional<std::uint32_t> resource(Layout& layout, std::uint64_t key) noexcept;
// What all processes hold of it.
std::uint64_t held(const Layout& layout, std::uint32_t resource) noexcept;

}  // namespace wsflow::shm
