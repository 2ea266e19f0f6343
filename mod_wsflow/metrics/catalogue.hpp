#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::metrics {

enum class Direction : std::uint8_t { client_to_origin, origin_to_client };
inline constexpr std::size_t kDirections = 2;
const char* name(Direction direction) noexcept;

inline constexpr std::size_t kOpcodeClasses = 7;  // the six of RFC 6455 and "reserved"
const char* opcode_class_name(std::size_t index) noexcept;

// Close codes: 1000 to 1015 one by one, then 3xxx, 4xxx, other.
inline constexpr std::size_t kCloseCodes = 19;
std::size_t close_code_index(std::uint16_t code) noexcept;
const char* close_code_name(std::size_t index) noexcept;

// Round-trip times of pings: a count for each bucket, then the sum, in milliseconds.
inline constexpr std::array<std::uint32_t, 11> kRttBounds = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000};
inline constexpr std::size_t kRttBuckets = kRttBounds.size() + 1;  // the last: more than all bounds
inline constexpr std::size_t kRttPlaces = kRttBuckets + 1;
constexpr std::size_t rtt_bucket(std::uint32_t ms) noexcept {
  return static_cast<std::size_t>(std::lower_bound(kRttBounds.begin(), kRttBounds.end(), ms) -
                                  kRttBounds.begin());
}

// Where each counter stands in a slot. The one table of counters: everything that counts, adds up or shows
// them uses these numbers.
inline constexpr std::size_t kTunnelsOpened = shm::kOpenedCounter;
inline constexpr std::size_t kTunnelsOpenedWorker = 1;                    // of them: on a worker thread
inline constexpr std::size_t kTunnelsEnded = shm::kEndedCounter;          // + Outcome
inline constexpr std::size_t kRefused = kTunnelsEnded + base::kOutcomes;  // + Refusal
inline constexpr std::size_t kBytes = kRefused + base::kRefusals;         // + Direction
inline constexpr std::size_t kMessages = kBytes + kDirections;            // + Direction
inline constexpr std::size_t kFrames = kMessages + kDirections;  // + Direction * kOpcodeClasses + class
inline constexpr std::size_t kCloses =
    kFrames + kDirections * kOpcodeClasses;  // + sender * kCloseCodes + index
inline constexpr std::size_t kNotWebSocket = kCloses + kDirections * kCloseCodes;
inline constexpr std::size_t kPings = kNotWebSocket + 1;       // + Direction whose sender is pinged
inline constexpr std::size_t kPingRtt = kPings + kDirections;  // + Direction * kRttPlaces + bucket
inline constexpr std::size_t kOriginReports = kPingRtt + kDirections * kRttPlaces;
inline constexpr std::size_t kCounters = kOriginReports + 1;
static_assert(kCounters <= shm::kCounterCapacity);

// A family of counters as users see it.
struct Family {
  const char* metric;  // name of the metric
  const char* labels;  // names of its labels, comma separated; "" for none
  const char* help;
  std::size_t first;
  std::size_t count;
};
std::span<const Family> families() noexcept;
// Likewise of histograms, which are kept in milliseconds and shown in seconds. `first` is the first bucket of
// the first of `count` label values; each has kRttPlaces places.
std::span<const Family> histograms() noexcept;

}  // namespace wsflow::metrics
