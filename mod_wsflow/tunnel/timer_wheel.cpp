#include "mod_wsflow/tunnel/timer_wheel.hpp"

#include <algorithm>
#include <bit>

#include "mod_wsflow/base/assert.hpp"

namespace wsflow::tunnel {

namespace {

std::uint64_t tick_before(base::Instant moment) noexcept {
  return static_cast<std::uint64_t>(moment.time_since_epoch() / TimerWheel::kTick);
}
// Rounds up, so that no timer is met early.
std::uint64_t tick_behind(base::Instant moment) noexcept {
  const auto ms = std::max<std::int64_t>(moment.time_since_epoch().count(), 0);
  const auto tick = TimerWheel::kTick.count();
  return static_cast<std::uint64_t>(ms / tick + (ms % tick != 0 ? 1 : 0));
}
base::Instant moment_of(std::uint64_t tick) noexcept {
  return base::Instant(TimerWheel::kTick * static_cast<std::int64_t>(tick));
}

}  // namespace

void TimerWheel::link(TimerHook& hook, TimerHook& head) noexcept {
  hook.unlink();
  hook.previous_ = head.previous_;
  hook.next_ = &head;
  head.previous_->next_ = &hook;
  head.previous_ = &hook;
}

void TimerWheel::set(TimerHook& hook, base::Instant due) noexcept {
  hook.due_ = due;
  place(hook);
}

void TimerWheel::rest(TimerHook& hook) noexcept {
  hook.due_ = base::Instant::max();
  link(hook, resting_);
}

void TimerWheel::place(TimerHook& hook) noexcept {
  constexpr Tick kSpan = Tick{1} << (kLevelBits * kLevels);
  auto tick = tick_behind(hook.due_);
  if (tick <= reached_) {
    link(hook, ready_);
    return;
  }
  // The highest bit in which the tick differs from reached_ gives the level.
  if ((tick ^ reached_) >= kSpan) tick = (reached_ | (kSpan - 1)) + 1;
  const auto highest = static_cast<unsigned>(std::bit_width(tick ^ reached_)) - 1;
  const auto level = std::min(highest / kLevelBits, kLevels - 1);
  const auto slot = (tick >> (level * kLevelBits)) % kSlots;
  link(hook, levels_[level].slots[slot]);
  levels_[level].used |= std::uint64_t{1} << slot;
}

bool TimerWheel::first_used(unsigned& level, unsigned& slot, Tick& at) const noexcept {
  at = UINT64_MAX;
  for (unsigned i = 0; i < kLevels; ++i) {
    if (levels_[i].used == 0) continue;
    const unsigned shift = i * kLevelBits;
    const auto here = static_cast<int>((reached_ >> shift) % kSlots);
    // The slots behind `here` come first; `here` and the slots before it belong to the next turn of the
    // wheel.
    const auto ahead = static_cast<unsigned>(std::countr_zero(std::rotr(levels_[i].used, here + 1))) + 1;
    const auto tick = ((reached_ >> shift) + ahead) << shift;
    if (tick >= at) continue;
    at = tick;
    level = i;
    slot = (static_cast<unsigned>(here) + ahead) % kSlots;
  }
  return at != UINT64_MAX;
}

base::Instant TimerWheel::next() const noexcept {
  if (ready_.linked()) return moment_of(reached_);
  unsigned level = 0;
  unsigned slot = 0;
  Tick at = 0;
  return first_used(level, slot, at) ? moment_of(at) : base::Instant::max();
}

TimerHook* TimerWheel::pop_due(base::Instant now) noexcept {
  const auto current = tick_before(now);
  WSFLOW_ASSERT(current >= reached_);
  unsigned level = 0;
  unsigned slot = 0;
  Tick at = 0;
  while (!ready_.linked() && first_used(level, slot, at) && at <= current) {
    reached_ = at;
    auto& head = levels_[level].slots[slot];
    levels_[level].used &= ~(std::uint64_t{1} << slot);
    // Empty the slot before placing: a timer that is due much later returns to it.
    TimerHook met;
    while (head.linked()) link(*head.next_, met);
    while (met.linked()) place(*met.next_);
  }
  if (!ready_.linked()) {
    reached_ = std::max(reached_, current);
    return nullptr;
  }
  auto* hook = ready_.next_;
  hook->unlink();
  return hook;
}

}  // namespace wsflow::tunnel
