#pragma once

#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::limits {

// The generic cell rate algorithm (GCRA) in its form of virtual scheduling: ITU-T Recommendation I.371, annex
// A (https://www.itu.int/rec/T-REC-I.371). It is a token bucket kept as one number, the theoretical arrival
// time TAT of the next admission. With the increment T = 1 / rate and the limit tau = (burst - 1) * T:
//
//   an arrival at t conforms   if t >= TAT - tau      next() is TAT - tau
//   and then                   TAT = max(TAT, t) + T  admit()
//
// I.371 knows one rate for ever. forgive() and convert() carry a TAT over to another one. `arrival` is the
// TAT; `rate` is in admissions a second, above 0; `burst` admissions pass at once after a pause.
struct Gcra {
  double rate;
  std::uint32_t burst;

  // When the next admission may come; up to `now`: at once.
  Micros next(Micros arrival) const noexcept;
  // The TAT behind an admission at `now`.
  Micros admit(Micros arrival, Micros now) const noexcept;
  // The TAT without what is owed beyond an empty bucket: the debt of a time when the rate was lower, as on a
  // ramp, or the burst larger.
  Micros forgive(Micros arrival, Micros now) const noexcept;
  // The TAT of an older and lower rate, at this rate: as many admissions are owed, but one, so that nobody
  // waits because of the older rate.
  Micros convert(Micros arrival, double older, Micros now) const noexcept;
  // The TAT of a bucket that was another one before: it has what was in that, as far as it holds so much. One
  // that has become larger gets nothing with that.
  Micros carry(Micros arrival, const Gcra& before, Micros now) const noexcept;
  // What is in the bucket, from 0 to `burst`, and the TAT of one with so much in it.
  double tokens(Micros arrival, Micros now) const noexcept;
  Micros with_tokens(double tokens, Micros now) const noexcept;
  // The bucket is full: nothing need be remembered.
  static bool full(Micros arrival, Micros now) noexcept { return arrival <= now; }
};

// The share of a rate that is in force `now`, when the ramp began at `started`: from a tenth to the whole.
double ramp_share(Micros started, Micros ramp, Micros now) noexcept;

}  // namespace wsflow::limits
