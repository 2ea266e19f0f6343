#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/limits/permit_set.hpp"

namespace wsflow::limits {

// What others may know of the limits. Any process, any thread. Each function locks for microseconds at a
// time, so what it tells may be a moment old.

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

// The database by which nodes share limits.
struct ClusterView {
  std::uint64_t answers = 0;
  std::uint64_t failures = 0;
  std::uint32_t keys = 0;  // of all limits with key=: those of which it knows for this node
  double answer_ms = 0;    // how long it takes to answer a request for keys
  std::string error;       // of the last request; empty: it was answered
};
ClusterView cluster_view(const LimitsAccess& access);

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
  Share share;        // of a limit that nodes share
  Usable usable;      // likewise; with key=, `by_floor` alone counts
  Micros lease_left;  // of the share; 0: it has ended
  double ramp_share;  // of the rate that is in force now: 0.1 to 1

  // Measured over the last minute.
  double arrival_rate;  // requests a second, refused ones too
  double admission_rate;
  double release_rate;
  double refusal_rate;
  double held_mean;  // seconds; of the last minute's releases, or of all if there were none
  double held_p95;
  Need need;
  std::vector<KeyView> top_keys;  // at most kTopKeys, those with most in use and refused first
};
inline constexpr std::size_t kTopKeys = 10;

// All limits that are configured or in use, in the order of their numbers.
std::vector<LimitView> all_limits(const LimitsAccess& access, Micros now);

// The number of requests that all limits have refused; nothing if the lock was not to be had within some
// milliseconds.
std::optional<std::uint64_t> refusals(const LimitsAccess& access) noexcept;

// The permits that are held of a key of a limit, also of one that is gone from the configuration. Nothing if
// the lock was not to be had.
std::optional<PermitSet> holders_of(const LimitsAccess& access, std::string_view limit, const Key& key);

// A key of a limit that a permit is held of; its beginning, raw.
struct HeldKey {
  std::string limit;
  std::string text;
  friend bool operator==(const HeldKey&, const HeldKey&) = default;
};
// How many of some permits are held of a limit.
struct HeldPermits {
  std::string limit;
  std::uint32_t count = 0;
  friend bool operator==(const HeldPermits&, const HeldPermits&) = default;
};
// The limits without keys that these permits are held of.
std::vector<HeldPermits> unkeyed_limits_of(const LimitsAccess& access, std::span<const PermitRef> permits);

// What is known of one key of a limit that is configured; nothing if it has no count, or the lock was not to
// be had.
struct KeyState {
  KeyView view;
  std::uint32_t permits = 0;  // that each key has; 0: any number
  Micros barred = 0;          // until the penalty ends; 0: it is not barred
};
std::optional<KeyState> key_state(const LimitsAccess& access, std::string_view limit, const Key& key,
                                  Micros now);

// For each permit its keys that may be shown; empty for none, and for a permit without keys.
std::vector<std::vector<HeldKey>> keys_of(const LimitsAccess& access, std::span<const PermitRef> permits);

}  // namespace wsflow::limits
