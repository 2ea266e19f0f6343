#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wsflow::config {

// The formats of WSFlowLog.

// What a piece of a line is.
enum class LogField : std::uint8_t {
  literal,
  // Known once the handshake is done.
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
  // Known when the line is written.
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
constexpr bool of_handshake(LogField field) noexcept {
  return field >= LogField::client && field <= LogField::tls_origin;
}

// `text` is the literal, or what stood in the braces; it points into the format.
struct LogItem {
  LogField field;
  std::string_view text;
};

struct LogFormat {
  std::string error;  // what is wrong and what is legal; empty: nothing, and the rest counts
  std::vector<LogItem> items;
};
LogFormat parse_log_format(std::string_view format);

struct LogPreset {
  std::string_view name;
  std::string_view format;
  bool json;  // every value is JSON
};
std::span<const LogPreset> log_presets() noexcept;

}  // namespace wsflow::config
