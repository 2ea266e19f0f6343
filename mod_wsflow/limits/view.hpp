#pragma once

#include <string>
#include <vector>

#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::limits {

// A key of a limit as the status shows it.
struct KeyView {
  std::string text;  // raw; empty: not to be shown
  std::uint64_t hash;
  std::uint32_t in_use;
  std::uint32_t waiting;
  std::uint32_t peak;
  std::uint64_t admitted;
  std::uint64_t refused;
};

// A limit with all that is known of it.
struct LimitView {
  std::string name;
  LimitDefinition defined;
  LimitSettings now;
  bool configured;  // false: only tunnels of older configurations hold permits of it
  std::uint32_t in_use;
  std::uint32_t waiting;
  std::uint32_t keys;
  std::uint32_t peak;
  std::uint64_t arrivals;
  std::uint64_t admitted;
  std::uint64_t waited;
  std::uint64_t refused[kReasons];
  std::uint64_t dry_refused;
  std::uint64_t keys_ignored;
  std::uint64_t released;
  std::uint64_t held_us;
  Histogram waits;
  Gradient gradient;
  double ramp_share;  // of the rate that is in force now: 0.1 to 1

  // Measured over the last minute.
  double arrival_rate;  // requests a second, refused ones too
  double admission_rate;
  double release_rate;
  double held_mean;  // seconds; of the last minute's releases, or of all if there were none
  double held_p95;
  Need need;
  std::vector<KeyView> top_keys;  // at most kTopKeys, those with most in use and refused first
};
inline constexpr std::size_t kTopKeys = 10;

// All limits that are configured or in use, in the order of their numbers. Any process. Locks for
// microseconds at a time.
std::vector<LimitView> all_limits(Limiter& limiter, Micros now);

}  // namespace wsflow::limits
