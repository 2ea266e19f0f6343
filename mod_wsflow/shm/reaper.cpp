#include "mod_wsflow/shm/reaper.hpp"

#include <cerrno>
#include <new>

#include "mod_wsflow/limits/reap.hpp"
#include "mod_wsflow/shm/counters.hpp"
#include "mod_wsflow/shm/reaper_lock.hpp"
#include "mod_wsflow/shm/turn.hpp"

namespace wsflow::shm {

namespace {

// All stores and loads here are sequentially consistent: to reap is rare, and others must see each step, and
// a kill must find it, in the order in which it stands.

void note_lost(const Layout& layout, std::uint32_t index, Lost* lost) noexcept {
  if (lost == nullptr) return;
  try {
    if (const auto presence = slots(layout)[index].presence.process.load(); presence != 0)
      lost->presences.push_back(presence);
    add_tunnels_of(layout, index, lost->tunnels);
  } catch (const std::bad_alloc&) {
    // The numbers are more important.
  }
}

void give_back_rows(Layout& layout, std::uint32_t index) noexcept {
  const auto pages = layout.pages_seen.load();
  for (std::uint32_t i = 0; i < pages; ++i) {
    auto& page = page_heads(layout)[i];
    if (page.owner.load() != index + 1) continue;
    page.used.store(0);
    page.owner.store(0);
  }
}

void clear(ProcessSlot& slot) noexcept {
  slot.generation.store(0);
  slot.started.store(0);
  slot.began.store(0);
  slot.kind.store(0);
  slot.commands.store(0);
  slot.taken.store(0);
  slot.expected.store(0);
  slot.takes_over.store(0);
  slot.claimed.store(0);
  slot.claimed_most.store(0);
  slot.active.store(0);
  slot.active_worker.store(0);
  slot.buffered.store(0);
  slot.descriptors.store(0);
  slot.descriptors_most.store(0);
  slot.presence.process.store(0);
  slot.presence.keys.store(0);
  slot.presence.sockets.store(0);
  slot.presence.waiting.store(0);
  slot.presence.oldest.store(0);
  slot.presence.failing.store(0);
  slot.max_tunnels.store(0);
  for (auto& counter : slot.counters) counter.store(0);
  for (auto& count : slot.held) count.store(0);
  for (auto& count : slot.in_work) count.store(0);
}

// The second half: the slot that `commit` names is in the totals already. A process that is killed anywhere
// in here leaves it to be done again; the slot is freed last, when nothing names it any more.
void complete(Layout& layout, Lost* lost) noexcept WSFLOW_REQUIRES(layout) {
  const auto commit = Commit::of(layout.commit.load());
  if (commit.clearing == 0) return;
  const auto index = commit.clearing - 1;
  auto& slot = slots(layout)[index];
  note_lost(layout, index, lost);
  give_back_rows(layout, index);
  clear(slot);
  layout.commit.store(Commit{commit.active, 0, commit.sequence + 1}.word());
  slot.owner.store(0);
}

// The first half: the totals with the slot in them go into the copy that does not count, and one store makes
// that copy the one that counts and names the slot as being in it.
void publish(Layout& layout, std::uint32_t index) noexcept WSFLOW_REQUIRES(layout) {
  const auto commit = Commit::of(layout.commit.load());
  const auto ended = read_ended(slots(layout)[index].counters);
  const auto next = 1 - commit.active;
  for (std::size_t i = 0; i < kCounterCapacity; ++i) {
    layout.totals[next][i].store(together(i, layout.totals[commit.active][i].load(), ended[i]));
  }
  layout.commit.store(Commit{next, index + 1, commit.sequence + 1}.word());
}

// Gives back the permits of a process that has died. Whoever gets one of them finds it within a round of its
// wait thread: no wakeups are at hand here.
bool give_back_permits(Layout& layout, std::uint32_t index) noexcept {
  constexpr limits::Micros kPatience = 20'000;
  return limits::reap(limits_table(layout), limits::SlotWakeups(), index, kPatience);
}

// A keeper may take the slot over until it says kEnded; then it stays so until a reaper gets
// through to its end.
bool reap_slot(Layout& layout, std::uint32_t index, Owner owner, Lost* lost) noexcept
    WSFLOW_REQUIRES(layout) {
  auto expected = owner.word;
  if (expected == 0 || !slots(layout)[index].owner.compare_exchange_strong(expected, kEnded.word))
    return false;
  if (!give_back_permits(layout, index)) return false;
  publish(layout, index);
  const auto before = lost != nullptr ? lost->tunnels.size() : 0;
  complete(layout, lost);
  for (auto i = before; lost != nullptr && i < lost->tunnels.size(); ++i) lost->tunnels[i].pid = owner.pid();
  return true;
}

Owner owner_of(const Layout& layout, std::uint32_t index) noexcept {
  return {slots(layout)[index].owner.load()};
}
bool is_left(Owner owner) noexcept {
  return owner.word != 0 && owner.gone();
}

// The first slot from `from` on whose process is gone; `slots_seen` if there is none.
std::uint32_t next_left(const Layout& layout, std::uint32_t from) noexcept {
  const auto count = layout.slots_seen.load();
  while (from < count && !is_left(owner_of(layout, from))) ++from;
  return from;
}

}  // namespace

ReaperLock::ReaperLock(Layout& layout, Lost* lost) noexcept : layout_(layout) {
  const auto result = pthread_mutex_trylock(&layout.lock);
  if (result == EOWNERDEAD) pthread_mutex_consistent(&layout.lock);
  held_ = result == 0 || result == EOWNERDEAD;
  if (held_) complete(layout, lost);
}

ReaperLock::~ReaperLock() {
  if (held_) pthread_mutex_unlock(&layout_.lock);
}

bool reap(Layout& layout, ProcessSlot& slot, Owner owner, Lost* lost) noexcept {
  const auto index = index_of(layout, slot);
  if (!index) return false;
  const ReaperLock lock(layout, lost);
  if (!lock) return false;
  return reap_slot(layout, *index, owner, lost);
}

// To look whether a process lives takes longer than all else, and needs no lock: a process that is stopped
// meanwhile holds up nobody.
std::optional<unsigned> reap_all(Layout& layout, Lost* lost) noexcept {
  unsigned reaped = 0;
  for (auto i = next_left(layout, 0); i < layout.slots_seen.load(); i = next_left(layout, i + 1)) {
    const ReaperLock lock(layout, lost);
    if (!lock) return std::nullopt;
    // Another process may have reaped it, and a third one claimed it.
    const auto owner = owner_of(layout, i);
    if (is_left(owner) && reap_slot(layout, i, owner, lost)) ++reaped;
  }
  return reaped;
}

bool claim_round(Layout& layout, std::int64_t now_ms) noexcept {
  return take_turn(layout.next_reap_ms, base::Millis{kReapSpan_ms}, now_ms);
}

}  // namespace wsflow::shm
