#pragma once

#include <cstdint>

#include "mod_wsflow/limits/rolling_stats.hpp"
#include "mod_wsflow/limits/stays.hpp"

namespace wsflow::limits {

// The load of a limit: integrals over time, and exponential moving averages. Of a value that stayed for
// `span`, these are mean += (value - mean) * (1 - exp(-span / half a second)). Zeroed: nothing yet.
struct Load {
  Micros at;              // counted up to here
  double recent_held;     // moving average
  double recent_waiting;  // moving average
  double recent_ended;    // permits that came back; decays like a moving average
  double held_us;         // permits times microseconds, while the `ended` permits came back
  double ended;           // permits that came back, the last thousand or so
  Stays stays;
};

struct Inside {
  std::uint32_t held;
  std::uint32_t waiting;
};

// Counts the time from `load.at` to `now`, in which `inside` did not change.
void advance(Load& load, RollingStats& rolling, Inside inside, Micros now) noexcept;
// A permit comes back that was held since `since`.
void leave(Load& load, Micros since, Micros now) noexcept;

}  // namespace wsflow::limits
