#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::shm {

struct ProcessView {
  std::uint32_t pid;
  std::uint32_t generation;
  std::int64_t started;  // seconds of the epoch
  std::uint64_t active;
  std::uint64_t active_worker;
  std::uint64_t max_tunnels;
  std::array<std::uint64_t, kCounterCapacity> counters;
};

struct Snapshot {
  std::vector<ProcessView> processes;
  std::array<std::uint64_t, kCounterCapacity> sums;  // ended processes and living ones together
};

// Makes a fresh segment in `memory` (sizeof(Layout) zeroed bytes, shared between the processes).
Layout* initialise(void* memory) noexcept;
// False if `layout` was made by a module of another version.
bool compatible(const Layout& layout) noexcept;

// Takes a slot for this process; nullptr if all are taken. Any process.
ProcessSlot* claim(Layout& layout, std::uint32_t pid, std::uint32_t generation, std::int64_t now) noexcept;
// Adds the counters of a process that has ended to the totals and frees its slot. Parent only. False if it
// had none.
bool fold(Layout& layout, std::uint32_t pid) noexcept;
// A consistent copy of everything. Any process, any thread.
Snapshot snapshot(const Layout& layout);

}  // namespace wsflow::shm
