#pragma once

#include <cstdint>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::tunnel {

// Spreads the ends of many tunnels evenly at random over a window of time, without a note in each of them: in
// every step each tunnel that is still there ends with the chance step / time left. One thread.
class DrainSchedule {
 public:
  // `window` of 0: everything ends in the first step, which is due at once.
  void start(base::Instant now, base::Millis window) noexcept;
  bool started() const noexcept { return started_; }
  // When the next step is due; base::Instant::max() before start().
  base::Instant next() const noexcept { return next_; }
  // The chance of each tunnel in the step that is due at `now`, out of 2^32; then the next step is set.
  std::uint64_t step(base::Instant now) noexcept;
  static constexpr std::uint64_t kCertain = std::uint64_t{1} << 32U;

 private:
  base::Instant last_{};
  base::Instant end_{};
  base::Instant next_ = base::Instant::max();
  base::Millis pause_{};
  bool started_ = false;
};

}  // namespace wsflow::tunnel
