#pragma once

#include <cstdint>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/tunnel/side.hpp"

namespace wsflow::tunnel {

// What is to be done for a tunnel when a time has passed.
enum class Due : std::uint8_t {
  nothing,
  lifetime,      // it has lived long enough
  close,         // one side has ended, and no byte moves any more
  idle,          // no data in either direction
  stall,         // `side` takes no bytes
  ping,          // `side` is quiet
  ping_timeout,  // `side` is still quiet
  rate,          // `side` may send on
  alive,         // its chronicle is to hear that it lives
};

struct Deadline {
  base::Instant at = base::Instant::max();
  Due what = Due::nothing;
  Side side = Side::client;
};

// Milliseconds that may turn round: enough for how long ago something was, in half the space.
inline std::uint32_t stamp(base::Instant moment) noexcept {
  return static_cast<std::uint32_t>(moment.time_since_epoch().count());
}

}  // namespace wsflow::tunnel
