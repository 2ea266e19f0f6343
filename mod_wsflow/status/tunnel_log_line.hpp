#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mod_wsflow/config/log_format.hpp"

namespace wsflow::status {

// The lines of a tunnel log.

inline constexpr std::size_t kMaxLogValue = 1024;        // bytes of a value before it is escaped
inline constexpr std::size_t kMaxLogLine = 60UL * 1024;  // no line of a preset can be longer

// Where the values of a handshake come from.
class LogSource {
 public:
  virtual ~LogSource() = default;
  // The value as it was sent, if there is one. `name`: of fields that have a name in their braces.
  virtual std::optional<std::string> value(config::HandshakeField field, std::string_view name) const = 0;
};

// A format as lines are made from it; borrowed.
struct LogShape {
  std::span<const config::LogItem> items;
  bool json;
};

// The values of the handshake, ready to be put into lines.
std::string prepare_values(const LogShape& shape, const LogSource& source);

// What is known of a tunnel when a line is written.
struct LogFacts {
  std::string_view event;
  std::uint64_t id;
  std::int64_t started_us;  // microseconds of the epoch
  std::int64_t now_us;
  std::int64_t duration_us;
  std::array<std::uint64_t, 2> bytes{};  // from client and origin
  std::array<std::uint64_t, 2> messages{};
  std::array<std::optional<std::uint64_t>, 2> frames{};
  std::array<std::optional<std::uint32_t>, 2> close_from{};
  std::array<std::optional<std::uint32_t>, 2> close_to{};
  std::array<std::optional<std::uint32_t>, 2> rtt_ms{};
  std::string_view ended_by{};  // empty: not known yet
  std::string_view outcome{};   // empty: not known yet
  std::string_view mode{};
  std::uint32_t generation = 0;
  std::optional<std::uint32_t> pid{};
};

// A whole line. `values`: what prepare_values() has given for this shape.
std::string make_log_line(const LogShape& shape, std::string_view values, const LogFacts& facts);

}  // namespace wsflow::status
