#include "mod_wsflow/limits/gcra.hpp"

#include <algorithm>
#include <cmath>

namespace wsflow::limits {

namespace {

Micros spans(double rate, double count) noexcept {
  return std::llround(count * 1e6 / rate);
}

}  // namespace

Micros Gcra::next(Micros arrival) const noexcept {
  return arrival - spans(rate, burst > 1 ? burst - 1.0 : 0.0);
}

Micros Gcra::admit(Micros arrival, Micros now) const noexcept {
  return std::max(arrival, now) + std::max(spans(rate, 1), Micros{1});
}

Micros Gcra::forgive(Micros arrival, Micros now) const noexcept {
  // Others may have read the clock later, and waited for the lock.
  constexpr Micros kSkew = 5 * kSecond;
  return arrival - now > spans(rate, burst) + kSkew ? now + spans(rate, burst - 1.0) : arrival;
}

Micros Gcra::convert(Micros arrival, double older, Micros now) const noexcept {
  if (arrival <= now) return arrival;
  const auto owed = static_cast<double>(arrival - now) * older / 1e6;
  return now + spans(rate, std::max(owed - 1, 0.0));
}

double ramp_share(Micros started, Micros ramp, Micros now) noexcept {
  constexpr double kFirst = 0.1;
  if (ramp <= 0) return 1;
  const auto passed = static_cast<double>(now - started) / static_cast<double>(ramp);
  return std::clamp(kFirst + (1 - kFirst) * passed, kFirst, 1.0);
}

}  // namespace wsflow::limits
