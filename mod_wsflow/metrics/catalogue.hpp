#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::metrics {

enum class Direction : std::uint8_t { client_to_origin, origin_to_client };
inline constexpr std::size_t kDirections = 2;
const char* name(Direction direction) noexcept;
const char* sender_name(std::size_t direction) noexcept;  // "client" or "origin"

inline constexpr std::size_t kOpcodeClasses = 7;  // the six of RFC 6455 and "reserved"
const char* opcode_class_name(std::size_t index) noexcept;

// Close codes: 1000 to 1015 one by one, then 3xxx, 4xxx, other.
inline constexpr std::size_t kCloseCodes = 19;
std::size_t close_code_index(std::uint16_t code) noexcept;
const char* close_code_name(std::size_t index) noexcept;

// How times are kept: a count for each bucket, then their sum. A time belongs to the first bucket whose bound
// is not less; the last bucket has none.
struct Times {
  std::span<const std::uint32_t> bounds;
  std::uint32_t bound;   // unit of the bounds, in that of the times and their sum
  std::uint32_t second;  // a second, in the same
  constexpr std::size_t buckets() const noexcept { return bounds.size() + 1; }
  constexpr std::size_t counters() const noexcept { return bounds.size() + 2; }
};
constexpr std::size_t bucket(const Times& times, std::uint64_t value) noexcept {
  std::size_t index = 0;
  while (index < times.bounds.size() && std::uint64_t{times.bounds[index]} * times.bound < value) ++index;
  return index;
}

inline constexpr std::uint32_t kRttBounds[] = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000};
inline constexpr Times kRtt{kRttBounds, 1, 1000};  // ms, in ms
inline constexpr std::size_t kRttBuckets = kRtt.buckets();
inline constexpr std::size_t kRttCounters = kRtt.counters();
inline constexpr std::uint32_t kHandshakeBounds[] = {
    1, 2, 3, 5, 7, 10, 15, 25, 50, 75, 100, 150, 250, 500, 1000, 2500, 5000, 10'000, 20'000, 30'000};
inline constexpr Times kHandshakes{kHandshakeBounds, 1000, 1'000'000};  // ms, in us
inline constexpr std::size_t kHandshakeBuckets = kHandshakes.buckets();
inline constexpr std::uint32_t kLifetimeBounds[] = {1,   2,    5,    10,   30,     60,     120,   300,
                                                    600, 1800, 3600, 7200, 14'400, 28'800, 86'400};
inline constexpr Times kLifetimes{kLifetimeBounds, 1000, 1000};  // seconds, in ms
// With those that one writes as acquire=: no wait is longer.
inline constexpr std::uint32_t kWaitBounds[] = {1,    2,    5,    10,   25,     50,     100,    250,   500,
                                                1000, 2000, 3000, 5000, 10'000, 20'000, 30'000, 60'000};
inline constexpr Times kWaits{kWaitBounds, 1000, 1'000'000};  // ms, in us

// Where each counter stands in a slot. The one table of counters: everything that counts, adds up or shows
// them uses these numbers.
inline constexpr std::size_t kTunnelsEnded = shm::kEndedCounter;  // + Outcome
inline constexpr std::size_t kTunnelsOpened = shm::kOpenedCounter;
inline constexpr std::size_t kRefused = kTunnelsOpened + 1;  // + HandshakeRefusal
inline constexpr std::size_t kTunnelsOpenedWorker = kRefused + base::kHandshakeRefusals;  // of the opened
inline constexpr std::size_t kBytes = kTunnelsOpenedWorker + 1;                           // + Direction
inline constexpr std::size_t kMessages = kBytes + kDirections;                            // + Direction
inline constexpr std::size_t kFrames = kMessages + kDirections;  // + Direction * kOpcodeClasses + class
inline constexpr std::size_t kCloses =
    kFrames + kDirections * kOpcodeClasses;  // + sender * kCloseCodes + index
inline constexpr std::size_t kNotWebSocket = kCloses + kDirections * kCloseCodes;
inline constexpr std::size_t kPings = kNotWebSocket + 1;       // + Direction whose sender is pinged
inline constexpr std::size_t kPingRtt = kPings + kDirections;  // + Direction * kRttCounters + bucket
inline constexpr std::size_t kOriginReports = kPingRtt + kDirections * kRttCounters;
inline constexpr std::size_t kHandshakeTimes = kOriginReports + 1;                     // + bucket
inline constexpr std::size_t kTunnelTimes = kHandshakeTimes + kHandshakes.counters();  // + bucket
inline constexpr std::size_t kAcquireWaits = kTunnelTimes + kLifetimes.counters();     // + bucket
inline constexpr std::size_t kLogLines = kAcquireWaits + kWaits.counters();            // of WSFlowLog
inline constexpr std::size_t kLogLinesLost = kLogLines + 1;
inline constexpr std::size_t kCounters = kLogLinesLost + 1;
static_assert(kCounters <= shm::kGreatestCounter);

// The longest of each kind of times, in its unit.
inline constexpr std::size_t kLongestHandshake = shm::kGreatestCounter;
inline constexpr std::size_t kLongestTunnel = kLongestHandshake + 1;
inline constexpr std::size_t kLongestWait = kLongestTunnel + 1;
static_assert(kLongestWait < shm::kCounterCapacity);

// The values that a label can have, the only ones, by index.
struct Label {
  const char* name;
  std::size_t count;
  const char* (*value)(std::size_t index) noexcept;
};
const Label& label(std::string_view name) noexcept;

// A family of counters as users see it. The last of its labels goes through its values first.
struct Family {
  const char* metric;  // name of the metric
  const char* labels;  // names of its labels, comma separated; "" for none
  const char* help;
  std::size_t first;
  std::size_t count;
};
std::span<const Family> families() noexcept;

// Likewise of times. `first` is the first bucket of the first of `count` label values; each has its places.
struct TimesFamily {
  const char* metric;
  const char* labels;
  const char* help;
  std::size_t first;
  std::size_t count;
  const Times& times;
};
std::span<const TimesFamily> histograms() noexcept;

// What is not counted in slots, but read where it is: of httpd, of the processes, of the limits.
enum class Reading : std::uint8_t {
  build_info,
  generation,
  processes,
  tunnels_active,
  tunnels_active_worker,
  tunnels_max,
  buffered,
  permits_in_use,
  permits_limit,
  permits_key_limit,
  permits_waiting,
  permits_needed,
  limit_keys,
  limit_requests,
  limit_admissions,
  limit_refusals,
  limit_dry_refusals,
};
inline constexpr std::size_t kReadings = 17;
// By Reading. What ends with _total grows, what ends with _info is always 1.
struct ReadingFamily {
  const char* metric;
  const char* labels;
  const char* help;
};
std::span<const ReadingFamily, kReadings> readings() noexcept;

}  // namespace wsflow::metrics
