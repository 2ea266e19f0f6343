#include "mod_wsflow/flow/pace.hpp"

#include <algorithm>
#include <cmath>

namespace wsflow::flow {

namespace {

Micros spans(double rate, double count) noexcept {
  return std::llround(count * 1e6 / rate);
}

}  // namespace

Micros Pace::next(Micros arrival) const noexcept {
  return arrival - spans(rate, burst > 1 ? burst - 1.0 : 0.0);
}

Micros Pace::admit(Micros arrival, Micros now) const noexcept {
  return std::max(arrival, now) + std::max(spans(rate, 1), Micros{1});
}

double ramp_share(Micros started, Micros ramp, Micros now) noexcept {
  constexpr double kFirst = 0.1;
  if (ramp <= 0) return 1;
  const auto passed = static_cast<double>(now - started) / static_cast<double>(ramp);
  return std::clamp(kFirst + (1 - kFirst) * passed, kFirst, 1.0);
}

}  // namespace wsflow::flow
