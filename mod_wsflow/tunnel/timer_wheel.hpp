#pragma once

#include <array>
#include <cstdint>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::tunnel {

// The link of one timer in a wheel; part of the object that waits. Its destructor unlinks it.
class TimerHook {
 public:
  TimerHook() noexcept = default;
  TimerHook(const TimerHook&) = delete;
  TimerHook& operator=(const TimerHook&) = delete;
  ~TimerHook() { unlink(); }

  bool linked() const noexcept { return next_ != this; }
  // The time that was set; base::Instant::max(): it rests. Pre: linked(), or just taken out by pop_due().
  base::Instant due() const noexcept { return due_; }
  // It stands in a wheel without a time.
  bool rests() const noexcept { return due_ == base::Instant::max(); }
  void unlink() noexcept {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  friend class TimerWheel;
  TimerHook* previous_ = this;
  TimerHook* next_ = this;
  base::Instant due_{};
};

// The timers of one loop: a hierarchical timing wheel (Varghese and Lauck, "Hashed and hierarchical timing
// wheels", SOSP 1987, scheme 7). Level L has 64 slots of 64^L ticks; a timer stands in the lowest level whose
// wheel does not turn round before it is due, and moves down a level each time its slot is reached:
//
//   level(due) = floor(highest bit in which the ticks of `due` and of now differ / 6)
//   slot(due)  = floor(tick(due) / 64^level) mod 64
//
// It is also the list of all that may have a timer: what has none rests in it.
//
// Setting and removing cost O(1), expiring O(levels). Ticks are coarse, so that many timers share a wake-up:
// a timer is never met early, and at most a tick late. One loop thread.
class TimerWheel {
 public:
  static constexpr base::Millis kTick{8};

  // Sets or moves the timer of `hook`.
  void set(TimerHook& hook, base::Instant due) noexcept;
  // Keeps `hook` without a time.
  void rest(TimerHook& hook) noexcept;
  // The time at which a timer is due or moves down a level; base::Instant::max() if none is set.
  base::Instant next() const noexcept;
  // Takes out one timer that is due at `now`; nullptr if none is. Pre: `now` never goes back.
  TimerHook* pop_due(base::Instant now) noexcept;
  // Calls on_hook(TimerHook&) for each, in any order. It may set, rest, unlink or free this one, and touches
  // no other; one that it sets may come a second time.
  template <class OnHook>
  void for_each(OnHook&& on_hook) {
    const auto walk = [&](TimerHook& head) {
      for (auto* hook = head.next_; hook != &head;) {
        auto& current = *hook;
        hook = hook->next_;
        on_hook(current);
      }
    };
    walk(resting_);
    walk(ready_);
    for (auto& level : levels_) {
      for (auto& slot : level.slots) walk(slot);
    }
  }

 private:
  static constexpr unsigned kLevelBits = 6;
  static constexpr unsigned kSlots = 1U << kLevelBits;
  // Together 2^30 ticks, 99 days. A timer that is due later goes round once more.
  static constexpr unsigned kLevels = 5;
  using Tick = std::uint64_t;

  struct Level {
    std::uint64_t used = 0;  // a bit for each slot; may be set on a slot that has become empty
    std::array<TimerHook, kSlots> slots;
  };

  static void link(TimerHook& hook, TimerHook& head) noexcept;
  void place(TimerHook& hook) noexcept;
  // The used slot of all levels that comes first; false if there is none.
  bool first_used(unsigned& level, unsigned& slot, Tick& at) const noexcept;

  Tick reached_ = 0;   // all slots up to this tick are empty
  TimerHook ready_;    // list head of the timers that are due
  TimerHook resting_;  // list head of those without a time
  std::array<Level, kLevels> levels_;
};

}  // namespace wsflow::tunnel
