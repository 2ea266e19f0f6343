#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "mod_wsflow/base/parsed.hpp"

namespace wsflow::config {

// The formats of WSFlowLog.

// A field that is known once the handshake is done (status::LogSource gives its value).
enum class HandshakeField : std::uint8_t {
  client,
  peer,
  host,
  ident,
  user,
  server,
  server_asked,
  port,
  local_port,
  remote_port,
  request_line,
  method,
  protocol,
  path,
  query,
  request_field,
  answer_field,
  environment,
  note,
  route,
  origin,
  handshake,
  tls_client,
  tls_origin,
};

// A field that is known when the line is written (status::LogFacts).
enum class LineField : std::uint8_t {
  id,
  event,
  time,
  duration,
  micros,
  millis,
  seconds,
  bytes_from_client,
  bytes_from_origin,
  messages_from_client,
  messages_from_origin,
  frames_from_client,
  frames_from_origin,
  close_client,
  close_origin,
  close_to_client,
  close_to_origin,
  ended_by,
  outcome,
  rtt_client,
  rtt_origin,
  generation,
  pid,
  mode,
};

// A piece of a line. `text`: the literal itself, or what stands in the braces of a field; it points into the
// format.
struct Literal {
  friend constexpr bool operator==(Literal, Literal) noexcept = default;
};
using LogField = std::variant<Literal, HandshakeField, LineField>;
struct LogItem {
  LogField field;
  std::string_view text;
};
static_assert(std::is_trivially_destructible_v<LogItem>);

using LogFormat = std::vector<LogItem>;
base::Parsed<LogFormat> parse_log_format(std::string_view format);

struct LogPreset {
  std::string_view name;
  std::string_view format;
  bool json;  // every value is JSON
};
std::span<const LogPreset> log_presets() noexcept;

}  // namespace wsflow::config
