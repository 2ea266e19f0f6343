#pragma once

#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// How many permits the load of a limit needs: as many as would be held, on average over the last minute, if
// there were enough of them for all; and not fewer than are held and wanted now. The one answer that the
// status, the metrics and the log give. docs/internals/limits.md says why it is counted so.
struct Need {
  enum class Known : std::uint8_t {
    nothing,   // nobody has asked for a permit yet
    at_least,  // some were refused, and nobody knows for how long they would have stayed: no permit came back
    about,
  };
  Known known = Known::nothing;
  double permits = 0;      // the answer
  std::uint32_t most = 0;  // held and waited for at a time, in that time
  std::uint32_t now = 0;   // held and waited for at this moment
  double held = 0;         // on average in that time: permits that were held
  double refused = 0;      // likewise: what those would have held who were refused
  double window = 0;       // that time, in seconds
};

// `limit` with its load counted up to `now` (pass_time); `last` of its rolling.
Need need_of(const LimitRecord& limit, const SpanStats& last, Micros now) noexcept;

}  // namespace wsflow::limits
