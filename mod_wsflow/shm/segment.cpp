#include "mod_wsflow/shm/segment.hpp"

#include <new>

namespace wsflow::shm {

namespace {
// These are rare: the plainest order, so that a snapshot around an even sequence is consistent on every
// machine.
constexpr auto ordered = std::memory_order_seq_cst;

void clear(ProcessSlot& slot) noexcept {
  slot.generation.store(0, ordered);
  slot.started.store(0, ordered);
  slot.active.store(0, ordered);
  slot.active_worker.store(0, ordered);
  slot.max_tunnels.store(0, ordered);
  for (auto& counter : slot.counters) counter.store(0, ordered);
}

Snapshot read_once(const Layout& layout) {
  Snapshot result{};
  for (std::size_t i = 0; i < kCounterCapacity; ++i) result.sums[i] = layout.totals[i].load(ordered);
  for (const auto& slot : layout.slot) {
    const auto pid = slot.pid.load(ordered);
    if (pid == 0) continue;
    auto& view = result.processes.emplace_back();
    view.pid = pid;
    view.generation = slot.generation.load(ordered);
    view.started = slot.started.load(ordered);
    view.active = slot.active.load(ordered);
    view.active_worker = slot.active_worker.load(ordered);
    view.max_tunnels = slot.max_tunnels.load(ordered);
    for (std::size_t i = 0; i < kCounterCapacity; ++i) {
      view.counters[i] = slot.counters[i].load(ordered);
      result.sums[i] += view.counters[i];
    }
  }
  return result;
}
}  // namespace

Layout* initialise(void* memory) noexcept {
  auto* layout = ::new (memory) Layout{};
  layout->magic = kMagic;
  layout->version = kVersion;
  layout->slots = kSlots;
  return layout;
}

bool compatible(const Layout& layout) noexcept {
  return layout.magic == kMagic && layout.version == kVersion && layout.slots == kSlots;
}

ProcessSlot* claim(Layout& layout, std::uint32_t pid, std::uint32_t generation, std::int64_t now) noexcept {
  for (auto& slot : layout.slot) {
    std::uint32_t expected = 0;
    if (!slot.pid.compare_exchange_strong(expected, pid)) continue;
    slot.generation.store(generation, ordered);
    slot.started.store(now, ordered);
    return &slot;
  }
  return nullptr;
}

bool fold(Layout& layout, std::uint32_t pid) noexcept {
  for (auto& slot : layout.slot) {
    if (slot.pid.load(ordered) != pid) continue;
    layout.fold_sequence.fetch_add(1);
    for (std::size_t i = 0; i < kCounterCapacity; ++i) {
      layout.totals[i].fetch_add(slot.counters[i].load(ordered), ordered);
    }
    clear(slot);
    slot.pid.store(0, ordered);
    layout.fold_sequence.fetch_add(1);
    return true;
  }
  return false;
}

Snapshot snapshot(const Layout& layout) {
  // A parent that was killed in the middle of a fold leaves the sequence odd for ever: give up after some
  // tries and show what is there.
  for (int tries = 0; tries < 1000; ++tries) {
    const auto before = layout.fold_sequence.load();
    if (before % 2 != 0) continue;
    auto result = read_once(layout);
    if (layout.fold_sequence.load() == before) return result;
  }
  return read_once(layout);
}

}  // namespace wsflow::shm
