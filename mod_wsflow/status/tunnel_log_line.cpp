#include "mod_wsflow/status/tunnel_log_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <variant>

#include "mod_wsflow/base/rfc3339.hpp"
#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/status/json_writer.hpp"

namespace wsflow::status {

namespace {

using config::HandshakeField;
using config::LineField;

constexpr std::int64_t kMicros = 1'000'000;

// As httpd escapes what it logs (ap_escape_logitem).
void append_escaped(std::string& to, std::string_view value) {
  constexpr std::string_view kSpecial = "\b\n\r\t\v\"\\";
  constexpr std::string_view kWritten = "bnrtv\"\\";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (const auto at = kSpecial.find(c); at != std::string_view::npos) {
      (to += '\\') += kWritten[at];
    } else if (byte < 0x20 || byte >= 0x7F) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      ((to += "\\x") += kDigits[byte >> 4U]) += kDigits[byte & 15U];
    } else {
      to += c;
    }
  }
}

// Printable ASCII that stands in JSON as it is.
bool is_plain(std::string_view value) noexcept {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

void append_quoted(std::string& to, std::string_view value) {
  // Most values; the writer costs ten times as much.
  if (is_plain(value)) {
    ((to += '"') += value) += '"';
    return;
  }
  const auto valid = base::valid_utf8(value);
  rapidjson::StringBuffer buffer;
  status::Writer writer(buffer);
  writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
  to.append(buffer.GetString(), buffer.GetSize());
}

// Puts values into a line, each as its kind of line has it.
class Line {
 public:
  Line(std::string& to, bool json) noexcept : to_(to), json_(json) {}

  void none() { to_ += json_ ? "null" : "-"; }
  void text(std::string_view value) {
    if (json_) {
      append_quoted(to_, value);
    } else {
      append_escaped(to_, value);
    }
  }
  void known(std::string_view value) { value.empty() ? none() : text(value); }
  void raw(std::string_view value) { to_ += value; }
  void number(std::uint64_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    to_.append(digits.data(), end);
  }
  template <class Number>
  void number(std::optional<Number> value) {
    value ? number(std::uint64_t{*value}) : none();
  }

 private:
  std::string& to_;  // borrowed
  const bool json_;
};

std::uint64_t positive(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

base::Text<32> in_seconds(std::int64_t micros) noexcept {
  const auto millis = positive(micros) / 1000;
  base::Text<32> text;
  text << millis / 1000 << "." << millis / 100 % 10 << millis / 10 % 10 << millis % 10;
  return text;
}

std::string by_strftime(const std::string& format, std::int64_t micros) {
  const std::time_t seconds = micros / kMicros;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 256> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), format.c_str(), &parts)};
}

base::Text<8> fraction(std::int64_t value, std::int64_t digits) noexcept {
  base::Text<8> text;
  for (std::int64_t unit = digits; unit >= 1; unit /= 10) text << value / unit % 10;
  return text;
}

// mod_log_config's %t, and rfc3339.
void put_time(Line& line, std::string_view format, const LogFacts& facts) {
  auto micros = facts.started_us;
  constexpr std::string_view kBegin = "begin:";
  constexpr std::string_view kEnd = "end:";
  if (format.starts_with(kEnd)) micros = facts.now_us;
  for (const auto prefix : {kBegin, kEnd}) {
    if (format.starts_with(prefix)) format.remove_prefix(prefix.size());
  }
  if (format == "sec") {
    line.number(positive(micros / kMicros));
  } else if (format == "msec") {
    line.number(positive(micros / 1000));
  } else if (format == "usec") {
    line.number(positive(micros));
  } else if (format == "msec_frac") {
    line.text(fraction(micros / 1000, 100).view());
  } else if (format == "usec_frac") {
    line.text(fraction(micros, 100'000).view());
  } else if (format == "rfc3339") {
    line.text(base::rfc3339(micros));
  } else {
    line.text(by_strftime(format.empty() ? "[%d/%b/%Y:%H:%M:%S %z]" : std::string(format), micros));
  }
}

void put(Line& line, LineField field, std::string_view text, const LogFacts& facts) {
  switch (field) {
    case LineField::id: line.text(base::Text<16>().id(facts.id).view()); break;
    case LineField::event: line.text(facts.event); break;
    case LineField::time: put_time(line, text, facts); break;
    case LineField::duration: line.raw(in_seconds(facts.duration_us).view()); break;
    case LineField::micros: line.number(positive(facts.duration_us)); break;
    case LineField::millis: line.number(positive(facts.duration_us / 1000)); break;
    case LineField::seconds: line.number(positive(facts.duration_us / kMicros)); break;
    case LineField::bytes_from_client: line.number(facts.bytes[0]); break;
    case LineField::bytes_from_origin: line.number(facts.bytes[1]); break;
    case LineField::messages_from_client: line.number(facts.messages[0]); break;
    case LineField::messages_from_origin: line.number(facts.messages[1]); break;
    case LineField::frames_from_client: line.number(facts.frames[0]); break;
    case LineField::frames_from_origin: line.number(facts.frames[1]); break;
    case LineField::close_client: line.number(facts.close_from[0]); break;
    case LineField::close_origin: line.number(facts.close_from[1]); break;
    case LineField::close_to_client: line.number(facts.close_to[0]); break;
    case LineField::close_to_origin: line.number(facts.close_to[1]); break;
    case LineField::rtt_client: line.number(facts.rtt_ms[0]); break;
    case LineField::rtt_origin: line.number(facts.rtt_ms[1]); break;
    case LineField::ended_by: line.known(facts.ended_by); break;
    case LineField::outcome: line.known(facts.outcome); break;
    case LineField::mode: line.known(facts.mode); break;
    case LineField::generation: line.number(std::uint64_t{facts.generation}); break;
    case LineField::pid: line.number(facts.pid); break;
  }
}

constexpr bool is_number(HandshakeField field) noexcept {
  return field == HandshakeField::port || field == HandshakeField::local_port ||
         field == HandshakeField::remote_port || field == HandshakeField::handshake;
}

}  // namespace

// Each value behind its length, two bytes.
std::string prepare_values(const LogShape& shape, const LogSource& source) {
  std::string values;
  for (const auto& item : shape.items) {
    const auto* field = std::get_if<HandshakeField>(&item.field);
    if (field == nullptr) continue;
    std::string piece;
    Line line(piece, shape.json);
    const auto value = source.value(*field, item.text);
    if (!value) {
      line.none();
    } else if (is_number(*field)) {
      line.raw(*value);
    } else {
      line.text(std::string_view(*value).substr(0, kMaxLogValue));
    }
    values += static_cast<char>(piece.size() >> 8U);
    values += static_cast<char>(piece.size() & 0xFFU);
    values += piece;
  }
  values.shrink_to_fit();
  return values;
}

std::string make_log_line(const LogShape& shape, std::string_view values, const LogFacts& facts) {
  constexpr std::size_t kUsual = 768;
  std::string text;
  text.reserve(kUsual);
  Line line(text, shape.json);
  for (const auto& item : shape.items) {
    if (std::holds_alternative<config::Literal>(item.field)) {
      line.raw(item.text);
      continue;
    }
    if (const auto* field = std::get_if<LineField>(&item.field)) {
      put(line, *field, item.text, facts);
      continue;
    }
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(values[0])) << 8U |
                      static_cast<std::size_t>(static_cast<unsigned char>(values[1]));
    line.raw(values.substr(2, size));
    values.remove_prefix(2 + size);
  }
  if (text.size() >= kMaxLogLine) text.resize(kMaxLogLine - 1);
  text += '\n';
  return text;
}

}  // namespace wsflow::status
