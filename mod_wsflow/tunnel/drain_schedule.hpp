#pragma once

#include <cstdint>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::tunnel {

// Spreads the ends of many tunnels evenly at random over a window of time, with no state in each tunnel.
//
//   hazard(t) = 1 / (end - t)             the hazard rate of a uniform distribution on [start, end)
//   chance of a step = step / time left   its integral over a step, given survival until then
//
// In each step every tunnel that is left ends with that chance; in the last one with certainty. One thread.
class DrainSchedule {
 public:
  // With a `window` of 0 all tunnels end in the first step, which is due at once.
  void start(base::Instant now, base::Millis window) noexcept;
  bool started() const noexcept { return started_; }
  // The time of the next step; base::Instant::max() before start().
  base::Instant next() const noexcept { return next_; }
  // Returns the chance of each tunnel in the step that is due at `now`, out of 2^32, and sets the next step.
  std::uint64_t step(base::Instant now) noexcept;
  static constexpr std::uint64_t kCertain = std::uint64_t{1} << 32U;

 private:
  base::Instant last_{};  // the last step
  base::Instant end_{};   // of the window
  base::Instant next_ = base::Instant::max();
  base::Millis pause_{};  // between two steps
  bool started_ = false;
};

}  // namespace wsflow::tunnel
