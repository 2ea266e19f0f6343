#pragma once

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
inline constexpr std::size_t kCounters = kNotWebSocket + 1;
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

}  // namespace wsflow::metrics
