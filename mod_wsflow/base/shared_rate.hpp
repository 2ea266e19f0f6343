#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace wsflow::base {

struct EndClaim {
  bool begins = false;    // this call has started the clock
  std::size_t count = 0;  // tunnels that the caller may end now
};
// Shares a rate of `per_second` ends of tunnels among all processes: whoever calls first takes all that has
// accrued since `last`, count = (now - last) * rate, and sets `last` to `now` less the remainder. `last` and
// `now` are milliseconds; a `last` of 0 means that no end was wanted before: the call only sets it.
EndClaim claim_ends(std::atomic<std::int64_t>& last, std::int64_t now, int per_second) noexcept;

}  // namespace wsflow::base
