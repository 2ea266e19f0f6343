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
// that of the configuration, `slots` those that were ever used. Those that the configuration before did not
// name are in use since `since`; if that is base::kAlwaysInUse, all are. Parent, before its children start.
std::vector<std::optional<std::uint32_t>> name_resources(Layout& layout, std::span<const ProcessSlot> slots,
                                                         std::span<const std::uint64_t> keys,
                                                         std::uint32_t generation, std::int64_t since);
// What all processes hold of it.
std::uint64_t held(const Layout& layout, std::uint32_t resource) noexcept;
std::uint64_t held(std::span<const ProcessSlot> slots, std::uint32_t resource) noexcept;
// The same, and the requests in work of all processes.
std::uint64_t load(const Layout& layout, std::uint32_t resource) noexcept;

// What other nodes have of the same thing, as far as this one knows. Whoever hears of it says until when that
// is worth something, in milliseconds of the monotonic clock (rounded up to a second), so that it is
// forgotten when nobody hears any more. Any process, any thread.
void set_elsewhere(Layout& layout, std::uint32_t resource, std::uint32_t count, std::int64_t until) noexcept;
// 0 if nothing is known, or no longer.
std::uint32_t elsewhere(const Layout& layout, std::uint32_t resource, std::int64_t now) noexcept;

}  // namespace wsflow::shm
