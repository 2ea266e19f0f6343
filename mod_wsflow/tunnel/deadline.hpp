#pragma once

#include <algorithm>
#include <cstdint>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/tunnel/side.hpp"

namespace wsflow::tunnel {

// The action that is due for a tunnel at a deadline.
enum class Due : std::uint8_t {
  nothing,
  lifetime,      // end it: it has reached its lifetime or the end of its session
  close,         // free it: it is ending, and no byte has moved for the time of `close`
  idle,          // end it: no frame has come in either direction
  look,          // bytes wait for `side`: note how many it has taken so far
  stall,         // give `side` up if it still takes no bytes
  ping,          // ping `side`: it is quiet
  ping_timeout,  // give `side` up if it is still quiet
  rate,          // read `side` again: its rate allows it
  told,          // tell the client that its origin is lost
  alive,         // tell the listeners whose interval has passed
};

// True if the deadline may end a tunnel for something that its peers failed to do. Before such a deadline is
// met, the tunnel reads everything that they have sent.
constexpr bool blames_peers(Due what) noexcept {
  return what == Due::close || what == Due::idle || what == Due::stall || what == Due::ping_timeout;
}

struct Deadline {
  base::Instant at = base::Instant::max();
  Due what = Due::nothing;
  Side side = Side::client;
};

// The loop did not run for `length` milliseconds before `until`: the process or the machine was stopped. The
// peers are not blamed for silence in that time.
struct Absence {
  base::Instant until = base::Instant::min();
  std::uint32_t length = 0;
};

// The last moment of a tunnel: `lives_until`, or the end of its session at `session_until`, seconds since
// 1970 by the wall clock (0: no session), whichever comes first.
inline base::Instant last_moment(base::Instant lives_until, std::uint32_t session_until,
                                 base::Millis wall_ahead) noexcept {
  if (session_until == 0) return lives_until;
  return std::min(lives_until, base::Instant(std::chrono::seconds(session_until) - wall_ahead));
}

// A moment in milliseconds modulo 2^32. It measures how long ago something was, in half the space.
inline std::uint32_t stamp(base::Instant moment) noexcept {
  return static_cast<std::uint32_t>(moment.time_since_epoch().count());
}

}  // namespace wsflow::tunnel
