#pragma once

#include <array>
#include <cstdint>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::tunnel {

// A place among deadlines; part of the object that waits. Unlinks itself when it dies.
class TimerHook {
 public:
  TimerHook() noexcept = default;
  TimerHook(const TimerHook&) = delete;
  TimerHook& operator=(const TimerHook&) = delete;
  ~TimerHook() { unlink(); }

  bool linked() const noexcept { return next_ != this; }
  // What was set. Pre: linked().
  base::Instant due() const noexcept { return due_; }
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

// TimerWheel of one loop: a hierarchical timing wheel. Setting and removing cost O(1), and each deadline is
// looked at once a level on its way to being due. Ticks are coarse, so that many deadlines share a wake-up:
// one is never met early, and at most a tick late. One loop thread.
class TimerWheel {
 public:
  static constexpr base::Millis kTick{8};

  // Sets (or moves) the deadline of `hook`.
  void set(TimerHook& hook, base::Instant due) noexcept;
  // When there is something to do: a deadline, or some that come nearer. base::Instant::max() if none is set.
  base::Instant next() const noexcept;
  // Takes one deadline that is due at `now` out; nullptr if none is. `now` never goes back.
  TimerHook* pop_due(base::Instant now) noexcept;

 private:
  static constexpr unsigned kLevelBits = 6;
  static constexpr unsigned kSlots = 1U << kLevelBits;
  // Together 2^30 ticks: 99 days. What is due later is set again on its way.
  static constexpr unsigned kLevels = 5;
  using Tick = std::uint64_t;

  struct Level {
    std::uint64_t used = 0;  // one bit a slot; may be set where all hooks have gone
    std::array<TimerHook, kSlots> slots;
  };

  static void link(TimerHook& hook, TimerHook& head) noexcept;
  void place(TimerHook& hook) noexcept;
  // The first slot that is used, of all levels; false if there is none.
  bool first_used(unsigned& level, unsigned& slot, Tick& at) const noexcept;

  Tick reached_ = 0;  // everything up to it has been looked at
  TimerHook ready_;   // head of those that are due
  std::array<Level, kLevels> levels_;
};

}  // namespace wsflow::tunnel
