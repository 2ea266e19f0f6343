#pragma once

#include <cstdint>

namespace wsflow::limits {

// What a refused client has before it.
struct Outlook {
  bool known = false;  // a rate says when, which is given; else it is a guess from what was measured
  double due = 0;      // of a rate: seconds until anything moves
  double ahead = 0;    // how many will be served before it
  double pace = 0;     // how many are served in a second; 0: nothing was measured yet
  double so_far = 0;   // without a pace: seconds for which permits are held already, and none has come back
};

// The one that tells a client to wait for longer.
const Outlook& longer(const Outlook& one, const Outlook& other) noexcept;

// Seconds after which it may come again: spread, by a random number, so that those who were refused together
// do not come back together.
std::uint32_t retry_after(const Outlook& outlook, std::uint32_t random) noexcept;

}  // namespace wsflow::limits
