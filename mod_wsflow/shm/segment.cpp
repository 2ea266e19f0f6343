#include "mod_wsflow/shm/segment.hpp"

#include <algorithm>
#include <chrono>
#include <new>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/limits/definitions.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/os/shared_mutex.hpp"
#include "mod_wsflow/shm/reaper.hpp"

namespace wsflow::shm {

namespace {

ProcessSlot* take_free_slot(Layout& layout, Owner owner) noexcept {
  const auto count = layout.slot_capacity;
  for (std::uint32_t i = 0; i < count; ++i) {
    raise(layout.slots_seen, i + 1);
    auto& slot = slots(layout)[i];
    std::uint64_t expected = 0;
    if (slot.owner.load() == 0 && slot.owner.compare_exchange_strong(expected, owner.word)) return &slot;
  }
  return nullptr;
}

void add(Counters& sums, const Counters& counters) noexcept {
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = together(i, sums[i], counters[i]);
}

ProcessView view_of(const ProcessSlot& slot, Owner owner) {
  return {.pid = owner.pid(),
          .kind = static_cast<ProcessKind>(slot.kind.load()),
          .generation = slot.generation.load(),
          .started = slot.started.load(),
          .began_us = slot.began.load(),
          .active = slot.active.load(),
          .active_worker = slot.active_worker.load(),
          .buffered = slot.buffered.load(),
          .max_tunnels = slot.max_tunnels.load(),
          .descriptors = slot.descriptors.load(),
          .descriptors_most = slot.descriptors_most.load(),
          .presence = slot.presence.process.load(),
          .presence_keys = slot.presence.keys.load(),
          .presence_sockets = slot.presence.sockets.load(),
          .presence_waiting = slot.presence.waiting.load(),
          .presence_oldest = slot.presence.oldest.load(),
          .presence_failing = slot.presence.failing.load() != 0,
          .counters = read(slot.counters)};
}

Snapshot read_once(const Layout& layout, Commit commit) {
  Snapshot result;
  result.sums = read(layout.totals[commit.active]);
  const auto count = layout.slots_seen.load();
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto& slot = slots(layout)[i];
    const Owner owner{slot.owner.load()};
    if (owner.word == 0 || commit.clearing == i + 1) continue;
    if (owner == kEnded) {
      add(result.sums, read_ended(slot.counters));
      continue;
    }
    add(result.sums, result.processes.emplace_back(view_of(slot, owner)).counters);
  }
  return result;
}

}  // namespace

Layout* initialise(void* memory, Capacity capacity, std::uint64_t fingerprint) noexcept {
  auto* layout = ::new (memory) Layout{};
  layout->magic = kMagic;
  layout->fingerprint = fingerprint;
  layout->header_size = sizeof(Layout);
  layout->slot_size = sizeof(ProcessSlot);
  layout->row_size = sizeof(TunnelRow);
  layout->label_size = sizeof(LabelTable);
  layout->limits_size = sizeof(limits::Table);
  layout->slot_capacity = static_cast<std::uint32_t>(std::min(capacity.slots, kMaxSlots));
  layout->page_capacity = static_cast<std::uint32_t>(std::min(capacity.pages, kMaxPages));
  layout->started.store(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
  os::make_shared_mutex(layout->lock);
  limits::initialise(limits_table(*layout), {os::random64(), os::random64(), os::random64(), os::random64()});
  return layout;
}

bool compatible(const Layout& layout, std::uint64_t fingerprint) noexcept {
  return layout.magic == kMagic && layout.fingerprint == fingerprint;
}

ProcessSlot* claim(Layout& layout, Owner owner, std::uint32_t generation, std::int64_t now) noexcept {
  auto* slot = take_free_slot(layout, owner);
  if (slot == nullptr && reap_all(layout).value_or(0) != 0) slot = take_free_slot(layout, owner);
  if (slot == nullptr) return nullptr;
  slot->generation.store(generation);
  slot->started.store(now);
  slot->began.store(base::now_us());
  return slot;
}

bool transfer(ProcessSlot& slot, Owner from, Owner to, ProcessKind kind) noexcept {
  auto expected = from.word;
  if (from.pid() == 0) return false;
  if (!slot.owner.compare_exchange_strong(expected, to.word) && expected != to.word) return false;
  slot.kind.store(static_cast<std::uint32_t>(kind));
  return true;
}

Snapshot snapshot(const Layout& layout) {
  // A reaper may go on without end, or never get through: show what is there.
  constexpr int kTries = 1000;
  for (int tries = 0;; ++tries) {
    const auto before = layout.commit.load();
    auto result = read_once(layout, Commit::of(before));
    if (layout.commit.load() == before || tries == kTries) return result;
  }
}

}  // namespace wsflow::shm
