#include "mod_wsflow/limits/need.hpp"

#include <algorithm>

namespace wsflow::limits {

namespace {

// Where kTurns times as many permits come back within kShort as are held, the mean of kShort takes the place
// of the present: one moment says little.
constexpr Micros kShort = kSecond / 2;
constexpr double kTurns = 1.5;
// Fewer absent clients make no difference to the answer.
constexpr double kAny = 0.5;

// A waiting client and an absent one are the same load: the larger number counts.
double wanted(double held, double absent, double waiting) noexcept {
  return held + std::max(absent, waiting);
}

}  // namespace

Need need_of(const LimitRecord& limit, const SpanStats& last, Micros now) noexcept {
  if (limit.arrivals == 0 && limit.in_use == 0) return {};
  const auto& load = limit.load;
  const Absent absent(load.stays, now);
  const auto span = static_cast<double>(std::max<Micros>(now - last.start, 1));
  Need need{.known = Need::Known::about,
            .most = std::max(last.most, limit.in_use + limit.waiting),
            .now = limit.in_use + limit.waiting,
            .held = last.inside_us / span,
            .refused = absent.since(last.start),
            .window = seconds(now - last.start)};
  if (absent.unknown() && absent.at_end() > kAny) {
    need.known = Need::Known::at_least;
    need.permits = std::max<double>(need.held, need.now);
    return need;
  }
  const bool is_short = load.recent_ended > kTurns * std::max<double>(limit.in_use, load.recent_held);
  const auto moment = is_short ? wanted(load.recent_held, absent.since(now - kShort), load.recent_waiting)
                               : wanted(limit.in_use, absent.at_end(), limit.waiting);
  need.permits = std::max(need.held + need.refused, moment);
  return need;
}

}  // namespace wsflow::limits
