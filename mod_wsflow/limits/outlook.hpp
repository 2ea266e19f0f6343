#pragma once

#include <cstdint>

namespace wsflow::limits {

// The outlook of a refused client: its wait is due + ahead / pace. Where permits limit, the pace is Little's
// law turned round, permits by the mean time that one is held: J. D. C. Little, "A Proof for the Queuing
// Formula: L = lambda W", Operations Research 9 (1961), 383-387, https://doi.org/10.1287/opre.9.3.383.
struct Outlook {
  bool known = false;  // a rate gives the time; else it is a guess from what was measured
  double due = 0;      // of a rate: seconds until the first one passes
  double ahead = 0;    // clients that are served before this one
  double pace = 0;     // clients that are served in a second; 0: nothing was measured yet
  double so_far = 0;   // without a pace: seconds for which permits are held already, and none has come back
};

// The one with the longer wait.
const Outlook& longer(const Outlook& one, const Outlook& other) noexcept;

// Seconds after which the client may come again. A random number spreads them, so that clients that were
// refused together do not come back together.
std::uint32_t retry_after(const Outlook& outlook, std::uint32_t random) noexcept;

}  // namespace wsflow::limits
