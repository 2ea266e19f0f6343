#pragma once

#include <algorithm>
#include <cstdint>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/tunnel/side.hpp"

namespace wsflow::tunnel {

// What is to be done for a tunnel when a time has passed.
enum class Due : std::uint8_t {
  nothing,
  lifetime,      // it has lived long enough
  close,         // a side has ended and no byte moves any more, or it is decided that the tunnel ends
  idle,          // no frame in either direction
  look,          // bytes wait for `side`: what it has taken so far is to be known
  stall,         // `side` takes no bytes
  ping,          // `side` is quiet
  ping_timeout,  // `side` is still quiet
  rate,          // `side` may send on
  alive,         // its listener is to hear that it lives
};

// Whether that may end a tunnel because of what its peers have not done: before it is met, everything that
// they have done is looked at.
constexpr bool blames_peers(Due what) noexcept {
  return what == Due::close || what == Due::idle || what == Due::stall || what == Due::ping_timeout;
}

struct Deadline {
  base::Instant at = base::Instant::max();
  Due what = Due::nothing;
  Side side = Side::client;
};

// The loop did not run for `length` milliseconds before `until`: the process was stopped, or the machine was.
// What the peers did not do meanwhile is no fault of theirs.
struct Absence {
  base::Instant until = base::Instant::min();
  std::uint32_t length = 0;
};

// The last moment of a tunnel that may live for so long, and in a session that ends at `session_until`,
// seconds since 1970 by the wall clock (0: none), as both clocks stand.
inline base::Instant last_moment(base::Instant lives_until, std::uint32_t session_until,
                                 base::Millis wall_ahead) noexcept {
  if (session_until == 0) return lives_until;
  return std::min(lives_until, base::Instant(std::chrono::seconds(session_until) - wall_ahead));
}

// Milliseconds that may turn round: enough for how long ago something was, in half the space.
inline std::uint32_t stamp(base::Instant moment) noexcept {
  return static_cast<std::uint32_t>(moment.time_since_epoch().count());
}

}  // namespace wsflow::tunnel
