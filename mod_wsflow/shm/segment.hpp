#pragma once

#include <cstdint>
#include <vector>

#include "mod_wsflow/shm/counters.hpp"
#include "mod_wsflow/shm/layout.hpp"
#include "mod_wsflow/shm/owner.hpp"

namespace wsflow::shm {

struct ProcessView {
  std::uint32_t pid;
  ProcessKind kind;
  std::uint32_t generation;
  std::int64_t started;   // seconds of the epoch
  std::int64_t began_us;  // the same moment as base::now_us() has it
  std::uint64_t active;
  std::uint64_t active_worker;
  std::uint64_t buffered;
  std::uint64_t max_tunnels;
  std::uint32_t descriptors = 0;       // that it has open; 0: not counted yet
  std::uint32_t descriptors_most = 0;  // that it may have
  std::uint64_t presence;              // its number in the presence store; 0: it counts nobody
  std::uint64_t presence_keys;
  std::uint64_t presence_sockets;
  std::uint64_t presence_waiting;
  std::int64_t presence_oldest;  // microseconds of the epoch; 0: nothing waits
  bool presence_failing;
  Counters counters;
};

struct Snapshot {
  std::vector<ProcessView> processes;
  Counters sums;  // ended processes and living ones together
};

// The greatest size of a segment.
struct Capacity {
  std::size_t slots;
  std::size_t pages;
};
constexpr std::size_t bytes(Capacity capacity) noexcept {
  return sizeof(Layout) + capacity.slots * sizeof(ProcessSlot) + capacity.pages * sizeof(PageHead) +
         capacity.pages * kPageRows * sizeof(TunnelRow) + sizeof(LabelTable) + sizeof(limits::Table) +
         capacity.pages * kPageRows * sizeof(RowUser);
}

// Makes a fresh segment in `memory`: bytes(capacity) zeroed bytes, shared between the processes, aligned as
// Layout. `fingerprint` is that of this build.
Layout* initialise(void* memory, Capacity capacity, std::uint64_t fingerprint) noexcept;
// False if a build with another fingerprint has made `layout`.
bool compatible(const Layout& layout, std::uint64_t fingerprint) noexcept;

// Takes a slot for a process; nullptr if living processes have all that there are. Any process.
ProcessSlot* claim(Layout& layout, Owner owner, std::uint32_t generation, std::int64_t now) noexcept;
// Gives a slot, with its counters, ledger and rows, to another process. Both may call it: true if `to` has
// the slot, false if it was reaped meanwhile.
bool transfer(ProcessSlot& slot, Owner from, Owner to, ProcessKind kind) noexcept;
// A consistent copy of everything. Any process, any thread.
Snapshot snapshot(const Layout& layout);

}  // namespace wsflow::shm
