#include "mod_wsflow/tunnel/drain_schedule.hpp"

#include <algorithm>

namespace wsflow::tunnel {

void DrainSchedule::start(base::Instant now, base::Millis window) noexcept {
  started_ = true;
  last_ = now;
  end_ = now + window;
  pause_ = std::clamp(window / 100, base::Millis(20), base::Millis(1000));
  next_ = std::min(end_, now + pause_);
}

std::uint64_t DrainSchedule::step(base::Instant now) noexcept {
  const auto left = end_ - last_;
  const auto elapsed = now - last_;
  last_ = now;
  next_ = now + pause_;
  if (now >= end_ || elapsed >= left) return kCertain;
  next_ = std::min(next_, end_);
  return static_cast<std::uint64_t>(elapsed.count()) * kCertain / static_cast<std::uint64_t>(left.count());
}

}  // namespace wsflow::tunnel
