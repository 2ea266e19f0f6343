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

Micros Gcra::carry(Micros arrival, const Gcra& before, Micros now) const noexcept {
  if (rate <= 0) return arrival;
  const auto owed = static_cast<double>(std::max<Micros>(arrival - now, 0)) * before.rate / 1e6;
  const auto left =
      before.rate > 0 ? std::clamp(before.burst - owed, 0.0, static_cast<double>(before.burst)) : 0.0;
  return now + spans(rate, burst - std::min(left, static_cast<double>(burst)));
}

double Gcra::tokens(Micros arrival, Micros now) const noexcept {
  const auto owed = static_cast<double>(std::max<Micros>(arrival - now, 0)) * rate / 1e6;
  return std::clamp(burst - owed, 0.0, static_cast<double>(burst));
}

Micros Gcra::with_tokens(double tokens, Micros now) const noexcept {
  return now + spans(rate, std::max(burst - tokens, 0.0));
}

double ramp_share(Micros started, Micros ramp, Micros now) noexcept {
  constexpr double kFirst = 0.1;
  if (ramp <= 0) return 1;
  const auto passed = static_cast<double>(now - started) / static_cast<double>(ramp);
  return std::clamp(kFirst + (1 - kFirst) * passed, kFirst, 1.0);
}

}  // namespace wsflow::limits
