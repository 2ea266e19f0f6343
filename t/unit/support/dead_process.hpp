#pragma once

#include <algorithm>

#include "mod_wsflow/shm/resources.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "t/unit/support/shared_segment.hpp"

namespace wsflow::test {

inline constexpr std::size_t kSome = 100;   // a counter that means nothing to a reaper
inline constexpr std::uint32_t kHeld = 17;  // a resource

// The first process of a segment: it has died with 5 tunnels, one of them ended, rows, and something in every
// part of its slot. Its owner is owner(12).
inline shm::ProcessSlot& dead_process(shm::Layout& layout) {
  auto* slot = shm::claim(layout, owner(11), 3, 100);
  slot->counters[shm::kOpenedCounter] = 5;
  slot->counters[shm::kEndedCounter] = 1;
  slot->counters[kSome] = 40;
  slot->active = 3;
  slot->active_worker = 1;
  slot->max_tunnels = 50;
  slot->commands = 9;
  slot->held[kHeld] = 6;
  shm::transfer(*slot, owner(11), owner(12), shm::ProcessKind::keeper);
  auto& page = shm::page_heads(layout)[3];
  layout.pages_seen = 4;
  page.owner = 1;
  page.used = 0xFF;
  return *slot;
}

// Whether readers see what dead_process() has counted once; ended tunnels and lost ones with it if it is no
// process any more.
inline bool counted_once(const shm::Layout& layout) {
  const auto snapshot = shm::snapshot(layout);
  const auto dead = [](const auto& process) { return process.pid == owner(12).pid(); };
  const bool shown = std::any_of(snapshot.processes.begin(), snapshot.processes.end(), dead);
  return snapshot.sums[shm::kOpenedCounter] == 5 && snapshot.sums[shm::kEndedCounter] == 1 &&
         snapshot.sums[kSome] == 40 && snapshot.sums[shm::kLostCounter] == (shown ? 0 : 4);
}

// Whether nothing of it is left but what it has counted.
inline bool reaped(const shm::Layout& layout) {
  const auto& slot = shm::slots(layout)[0];
  const auto& page = shm::page_heads(layout)[3];
  const auto zero = [](const auto& value) { return value == 0; };
  return counted_once(layout) && shm::snapshot(layout).sums[shm::kLostCounter] == 4 &&
         shm::held(layout, kHeld) == 0 && shm::Commit::of(layout.commit).clearing == 0 && slot.owner == 0 &&
         slot.kind == 0 && slot.commands == 0 && slot.active == 0 && slot.active_worker == 0 &&
         slot.max_tunnels == 0 && slot.generation == 0 && slot.started == 0 && slot.began == 0 &&
         std::all_of(std::begin(slot.counters), std::end(slot.counters), zero) &&
         std::all_of(std::begin(slot.held), std::end(slot.held), zero) && page.owner == 0 && page.used == 0;
}

}  // namespace wsflow::test
