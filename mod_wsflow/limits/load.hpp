#pragma once

#include <cstdint>

#include "mod_wsflow/limits/rolling_stats.hpp"
#include "mod_wsflow/limits/stays.hpp"

namespace wsflow::limits {

// What a limit holds as time goes by. Zeroed: nothing yet.
struct Load {
  Micros at;              // it is counted up to here
  double recent_held;     // on average, of the last half second
  double recent_waiting;  // likewise
  double recent_ended;    // permits that came back, in the last half second
  double held_us;         // permits times microseconds, of late: of the last thousand that came back
  double ended;           // those
  Stays stays;
};

struct Inside {
  std::uint32_t held;
  std::uint32_t waiting;
};

// From `load.at` to `now` nothing has changed: so many were inside.
void advance(Load& load, RollingStats& rolling, Inside inside, Micros now) noexcept;
// A permit comes back that was held since then.
void leave(Load& load, Micros since, Micros now) noexcept;

}  // namespace wsflow::limits
