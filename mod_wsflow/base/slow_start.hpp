#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace wsflow::base {

// A member of a balancer that comes into use while the others have tunnels already begins slowly: its caches
// are cold, and as it has the fewest tunnels it would get each new one at once.
//
// nginx (slow_start=), HAProxy (slowstart) and Envoy (slow_start_config) let the member's weight rise
// linearly over a time. Where the fewest connections decide, a weight bounds how many a member has, compared
// with the others. That bounds little for tunnels, which live for days: while the others have 10,000 each, a
// tenth of the weight still takes the next 1,000 tunnels one after the other. So here the same line bounds
// the share of the new tunnels that the member may get: from a tenth (Envoy's min_weight_percent) of its fair
// share up to all of them, where the fewest tunnels alone decide again.

// Since when a member is in use, in milliseconds of the monotonic clock; or one of these.
inline constexpr std::int64_t kAlwaysInUse = 0;  // since the start: no member was in use before it
inline constexpr std::int64_t kOutOfUse = -1;

// Notes that the member is in use or out of use now. True if this call has found that it came back. Any
// process, any thread.
inline bool note_use(std::atomic<std::int64_t>& since, bool in_use, std::int64_t now) noexcept {
  auto was = since.load(std::memory_order_relaxed);
  if (!in_use) {
    if (was != kOutOfUse) since.store(kOutOfUse, std::memory_order_relaxed);
    return false;
  }
  return was == kOutOfUse && since.compare_exchange_strong(was, now, std::memory_order_relaxed);
}

struct SlowStart {
  std::int64_t now;     // milliseconds of the monotonic clock
  std::int64_t length;  // milliseconds; 0: none

  // True while a member that is in use since then gets no more than a share.
  constexpr bool holds(std::int64_t since) const noexcept {
    // What lies in the future was never written by us.
    return since > 0 && since <= now && now - since < length;
  }
  // The greatest share of new tunnels that the member may get: 1 is all of them. `fair` is the share that its
  // weight gives it.
  constexpr double bound(std::int64_t since, double fair) const noexcept {
    constexpr double kLeast = 0.1;
    if (!holds(since)) return 1;
    const auto least = kLeast * fair;
    return least + (1 - least) * static_cast<double>(now - since) / static_cast<double>(length);
  }
};

}  // namespace wsflow::base
