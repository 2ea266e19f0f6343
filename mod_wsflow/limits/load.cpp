#include "mod_wsflow/limits/load.hpp"

#include <algorithm>
#include <cmath>

namespace wsflow::limits {

namespace {

constexpr double kMemory = 1000;
constexpr double kRecent = 0.5 * kSecond;

void approach(double& average, double value, double share) noexcept {
  constexpr double kNothing = 0.001;
  average += (value - average) * share;
  if (average < kNothing) average = 0;
}

void step(Load& load, SpanStats& window, Inside inside, Micros to) noexcept {
  const auto span = static_cast<double>(to - load.at);
  const auto share = -std::expm1(-span / kRecent);
  approach(load.recent_held, inside.held, share);
  approach(load.recent_waiting, inside.waiting, share);
  approach(load.recent_ended, 0, share);
  load.held_us += inside.held * span;
  window.inside_us += inside.held * span;
  window.most = std::max(window.most, inside.held + inside.waiting);
  load.at = to;
}

}  // namespace

void advance(Load& load, RollingStats& rolling, Inside inside, Micros now) noexcept {
  if (load.at == 0) load.at = now;
  const auto oldest = RollingStats::oldest(now);
  // No span in `rolling` reaches back to it.
  if (SpanStats forgotten{}; load.at < oldest) step(load, forgotten, inside, oldest);
  while (load.at < now) {
    const auto end = (load.at / RollingStats::kSpan + 1) * RollingStats::kSpan;
    step(load, rolling.at(load.at), inside, std::min(end, now));
  }
}

void leave(Load& load, Micros since, Micros now) noexcept {
  load.stays.leave(since, now);
  load.recent_ended += 1;
  load.ended += 1;
  if (load.ended < kMemory) return;
  load.ended /= 2;
  load.held_us /= 2;
}

}  // namespace wsflow::limits
