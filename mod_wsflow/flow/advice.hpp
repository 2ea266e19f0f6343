#pragma once

#include <cstdint>

namespace wsflow::flow {

// What a refused client has before it.
struct Outlook {
  bool known = false;    // a rate says when, which is given; else it is a guess from what was measured
  double due = 0;        // of a rate: seconds until anything moves
  double ahead = 0;      // how many will be served before it
  double pace = 0;       // how many are served in a second; 0: nothing was measured yet
  double held_mean = 0;  // seconds; 0: nothing was measured yet
};

// Seconds after which it may come again: spread, by a random number, so that those who were refused together
// do not come back together.
std::uint32_t retry_after(const Outlook& outlook, std::uint32_t random) noexcept;

}  // namespace wsflow::flow
