#pragma once

#include <memory>
#include <vector>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::tunnel {

// A place in a queue of deadlines; part of the object that waits. Unlinks itself when it dies.
class DeadlineHook {
 public:
  DeadlineHook() noexcept = default;
  DeadlineHook(const DeadlineHook&) = delete;
  DeadlineHook& operator=(const DeadlineHook&) = delete;
  ~DeadlineHook() { unlink(); }

  bool linked() const noexcept { return next_ != this; }
  void unlink() noexcept {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  friend class Deadlines;
  DeadlineHook* previous_ = this;
  DeadlineHook* next_ = this;
  base::Instant due_{};
};

// Deadlines of one loop: one first-in-first-out queue for each distinct duration, so that setting, removing
// and expiring cost O(1) (there are only as many durations as configuration files name). One loop thread.
class Deadlines {
 public:
  // Sets (or moves) the deadline of `hook` to `now + after`.
  void set(DeadlineHook& hook, base::Millis after, base::Instant now);
  // When the next deadline is due; base::Instant::max() if none is set.
  base::Instant next() const noexcept;
  // Takes one deadline that is due at `now` out of its queue; nullptr if none is.
  DeadlineHook* pop_due(base::Instant now) noexcept;

 private:
  struct Queue {
    base::Millis after;
    std::unique_ptr<DeadlineHook> head;  // sentinel, owned; its address must not change
  };
  std::vector<Queue> queues_;
};

}  // namespace wsflow::tunnel
