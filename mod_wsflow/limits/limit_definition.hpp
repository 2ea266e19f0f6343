#pragma once

#include <cstddef>
#include <cstdint>

namespace wsflow::limits {

// A moment or a span of the monotonic clock in microseconds. All processes of a machine see the same clock.
using Micros = std::int64_t;
inline constexpr Micros kSecond = 1'000'000;
constexpr double seconds(Micros span) noexcept {
  return static_cast<double>(span) / kSecond;
}

inline constexpr std::size_t kNameSize = 48;           // longest name of a limit, with a zero behind it
inline constexpr std::size_t kPerRequest = 8;          // limits that may apply to one request
inline constexpr std::uint32_t kMost = 1'000'000;      // largest concurrency, rate a second, burst
inline constexpr std::uint32_t kMostWaiting = 10'000;  // longest queue

// The settings that an operator may change while httpd runs.
struct LimitSettings {
  std::uint32_t concurrency = 0;  // permits; 0: any number
  std::uint32_t queue = 0;        // how many may wait
  double rate = 0;                // admissions a second; 0: any pace
  std::uint32_t burst = 1;        // admissions that the rate lets through at once after a pause
  friend constexpr bool operator==(const LimitSettings&, const LimitSettings&) noexcept = default;
};

// Which requests a limit limits: handshakes of tunnels, all others, or both.
enum class Applies : std::uint8_t { all, tunnels, requests };
const char* name(Applies applies) noexcept;

// A limit as the configuration gives it.
struct LimitDefinition {
  char name[kNameSize] = {};
  LimitSettings settings;
  Micros acquire = 0;           // longest wait for a permit; 0: none waits
  Micros ramp = 0;              // how long the rate grows from a tenth to the whole after start and outage
  Micros penalty = 0;           // how long a key is refused whose tunnel was ended by a policy; 0: not at all
  std::uint32_t keys = 10'000;  // live keys that it keeps at most
  std::uint32_t least = 0;      // concurrency=auto: its bounds; most 0: the concurrency is as given
  std::uint32_t most = 0;
  char cluster[kNameSize] = {};  // all nodes share it under this name; empty: it is this httpd's alone
  std::uint32_t floor = 0;       // with `cluster`: the permits of this node while it has no share
  Applies applies = Applies::all;
  bool keyed = false;      // each key has a count of its own
  bool fail_open = false;  // a key that finds no room is not limited; else it is refused
  bool dry_run = false;    // counts, but lets pass
  friend constexpr bool operator==(const LimitDefinition&, const LimitDefinition&) noexcept = default;
};

// Why a limit refuses. One closed set for log, metrics, status.
enum class LimitReason : std::uint8_t {
  concurrency,  // all permits are taken, and nobody may wait
  rate,         // faster than the rate, and nobody may wait
  queue_full,   // as many wait as may
  timeout,      // waited as long as `acquire` lets
  client_gone,  // the client left while its request waited
  penalty,      // a tunnel of the same key was ended by a policy, within `penalty`
  keys_full,    // no room for another key
  unavailable,  // the table is full, or its lock was not to be had within a second
  no_share,     // of a limit that nodes share: this one has no share that it may use
};
inline constexpr std::size_t kReasons = 9;
const char* name(LimitReason reason) noexcept;

}  // namespace wsflow::limits
