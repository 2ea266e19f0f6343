#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace wsflow::base {

// How many tunnels may be ended at `now`, with so many a second, by whichever process asks first. `last`, in
// milliseconds as `now`, is up to when they were ended; 0: until now none was to be ended, and none is yet.
//
struct EndClaim {
  bool begins = false;
  std::size_t count = 0;
};
EndClaim claim_ends(std::atomic<std::int64_t>& last, std::int64_t now, int per_second) noexcept;

}  // namespace wsflow::base
