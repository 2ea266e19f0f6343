#pragma once

#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::limits {

// A token bucket as one number, the moment when the next admission is due (GCRA, ITU-T I.371 annex A): up to
// `burst` admissions may be early. `rate` is in admissions a second, above 0.
struct Gcra {
  double rate;
  std::uint32_t burst;

  // When the next one may be admitted; not after `now`: at once.
  Micros next(Micros arrival) const noexcept;
  // `arrival` behind an admission at `now`.
  Micros admit(Micros arrival, Micros now) const noexcept;
  // `arrival` without what it owes beyond an empty bucket: that is from a time when the rate was lower, as on
  // a ramp, or the burst larger.
  Micros forgive(Micros arrival, Micros now) const noexcept;
  // What `arrival`, of an older and lower rate, comes to at this one: as many admissions are owed, but one,
  // so that nobody waits any more because of the older one.
  Micros convert(Micros arrival, double older, Micros now) const noexcept;
  // The bucket is full: nothing need be remembered.
  static bool full(Micros arrival, Micros now) noexcept { return arrival <= now; }
};

// The share of a rate that is in force `now`, when the ramp began at `started`: from a tenth to the whole.
double ramp_share(Micros started, Micros ramp, Micros now) noexcept;

}  // namespace wsflow::limits
