#pragma once

#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// The number of permits that the load of a limit needs, which status, metrics and log tell: the permits that
// would be held, on average over the last minute, if there were enough for all, but no fewer than are held
// and wanted now.
//
//   need = max(mean of held + mean of absent, held now + max(absent now, waiting now))
//
// "Held" is a time integral (Load), "absent" are the refused clients that would be inside (Absent, by Kaplan
// and Meier). The mean is the offered load in erlangs, which Little's law gives for a steady load as arrivals
// times the mean time held: J. D. C. Little, "A Proof for the Queuing Formula: L = lambda W", Operations
// Research 9 (1961), 383-387, https://doi.org/10.1287/opre.9.3.383. docs/internals/limits.md says why the two
// are not multiplied.
struct Need {
  enum class Known : std::uint8_t {
    nothing,   // nobody has asked for a permit yet
    at_least,  // some were refused, and how long they would have stayed is not known: no permit came back
    about,
  };
  Known known = Known::nothing;
  double permits = 0;      // the answer
  std::uint32_t most = 0;  // held and waited for at a time, in that time
  std::uint32_t now = 0;   // held and waited for at this moment
  double held = 0;         // on average in that time: permits that were held
  double refused = 0;      // on average in that time: permits that the refused clients would have held
  double window = 0;       // that time, in seconds
};

// The load of `limit` is counted up to `now` (pass_time); `last` is of its `rolling`.
Need need_of(const LimitRecord& limit, const SpanStats& last, Micros now) noexcept;

}  // namespace wsflow::limits
