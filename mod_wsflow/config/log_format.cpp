#include "mod_wsflow/config/log_format.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace wsflow::config {

namespace {

// A letter and what stands in its braces.
struct Letter {
  char letter;
  std::string_view argument;
  LogField field;
};
constexpr Letter kLetters[] = {
    {'a', "", HandshakeField::client},
    {'a', "c", HandshakeField::peer},
    {'h', "", HandshakeField::host},
    {'l', "", HandshakeField::ident},
    {'u', "", HandshakeField::user},
    {'v', "", HandshakeField::server},
    {'V', "", HandshakeField::server_asked},
    {'p', "", HandshakeField::port},
    {'p', "canonical", HandshakeField::port},
    {'p', "local", HandshakeField::local_port},
    {'p', "remote", HandshakeField::remote_port},
    {'r', "", HandshakeField::request_line},
    {'m', "", HandshakeField::method},
    {'H', "", HandshakeField::protocol},
    {'U', "", HandshakeField::path},
    {'q', "", HandshakeField::query},
    {'P', "", LineField::pid},
    {'D', "", LineField::micros},
    {'T', "", LineField::seconds},
    {'T', "s", LineField::seconds},
    {'T', "ms", LineField::millis},
    {'T', "us", LineField::micros},
    {'w', "id", LineField::id},
    {'w', "event", LineField::event},
    {'w', "route", HandshakeField::route},
    {'w', "origin", HandshakeField::origin},
    {'w', "duration", LineField::duration},
    {'w', "handshake", HandshakeField::handshake},
    {'w', "bytes-from-client", LineField::bytes_from_client},
    {'w', "bytes-from-origin", LineField::bytes_from_origin},
    {'w', "messages-from-client", LineField::messages_from_client},
    {'w', "messages-from-origin", LineField::messages_from_origin},
    {'w', "frames-from-client", LineField::frames_from_client},
    {'w', "frames-from-origin", LineField::frames_from_origin},
    {'w', "close-client", LineField::close_client},
    {'w', "close-origin", LineField::close_origin},
    {'w', "close-to-client", LineField::close_to_client},
    {'w', "close-to-origin", LineField::close_to_origin},
    {'w', "ended-by", LineField::ended_by},
    {'w', "outcome", LineField::outcome},
    {'w', "rtt-client", LineField::rtt_client},
    {'w', "rtt-origin", LineField::rtt_origin},
    {'w', "tls-client", HandshakeField::tls_client},
    {'w', "tls-origin", HandshakeField::tls_origin},
    {'w', "generation", LineField::generation},
    {'w', "pid", LineField::pid},
    {'w', "mode", LineField::mode},
};

// A letter whose braces hold a name.
struct Named {
  char letter;
  std::string_view what;
  LogField field;
};
constexpr Named kNamed[] = {
    {'i', "field of the handshake", HandshakeField::request_field},
    {'o', "field of the answer", HandshakeField::answer_field},
    {'e', "environment variable", HandshakeField::environment},
    {'n', "note", HandshakeField::note},
};

// httpd's combined format as far as it goes, then what a tunnel has beside.
constexpr LogPreset kPresets[] = {
    {"combined",
     "%h %l - %t \"%r\" 101 %{bytes-from-origin}w \"%{Origin}i\" \"%{User-Agent}i\" %{id}w %{event}w "
     "%{outcome}w %{ended-by}w %{duration}w %{handshake}w %{bytes-from-client}w %{messages-from-client}w "
     "%{messages-from-origin}w %{close-client}w %{close-origin}w %{close-to-client}w %{close-to-origin}w "
     "%{rtt-client}w %{rtt-origin}w %v \"%{route}w\" \"%{origin}w\"",
     false},
    {"json",
     "{\"event\":%{event}w,\"id\":%{id}w,\"time\":%{end:rfc3339}t,\"started\":%{begin:rfc3339}t,"
     "\"client\":%a,\"server\":%v,\"port\":%p,\"path\":%U,\"protocol\":%H,\"page\":%{Origin}i,"
     "\"user_agent\":%{User-Agent}i,\"subprotocol\":%{Sec-WebSocket-Protocol}o,"
     "\"request_id\":%{UNIQUE_ID}e,\"route\":%{route}w,\"origin\":%{origin}w,\"mode\":%{mode}w,"
     "\"generation\":%{generation}w,\"pid\":%P,\"tls_client\":%{tls-client}w,\"tls_origin\":%{tls-origin}w,"
     "\"handshake_seconds\":%{handshake}w,\"duration_seconds\":%{duration}w,"
     "\"bytes_from_client\":%{bytes-from-client}w,\"bytes_from_origin\":%{bytes-from-origin}w,"
     "\"messages_from_client\":%{messages-from-client}w,\"messages_from_origin\":%{messages-from-origin}w,"
     "\"frames_from_client\":%{frames-from-client}w,\"frames_from_origin\":%{frames-from-origin}w,"
     "\"close_from_client\":%{close-client}w,\"close_from_origin\":%{close-origin}w,"
     "\"close_to_client\":%{close-to-client}w,\"close_to_origin\":%{close-to-origin}w,"
     "\"rtt_client_ms\":%{rtt-client}w,\"rtt_origin_ms\":%{rtt-origin}w,\"ended_by\":%{ended-by}w,"
     "\"outcome\":%{outcome}w}",
     true},
};

std::string legal() {
  std::string text = "%%";
  for (const auto& letter : kLetters) {
    text += " %";
    if (!letter.argument.empty()) text.append("{").append(letter.argument).append("}");
    text += letter.letter;
  }
  text += " %t %{[begin:|end:]format}t";
  for (const auto& named : kNamed) {
    text.append(" %{").append(named.what).append("}") += named.letter;
  }
  return text;
}

// The field of an escape that ends in `letter` and has `argument` in its braces.
std::optional<LogField> field_of(char letter, std::string_view argument) noexcept {
  if (letter == 't') return LineField::time;
  for (const auto& known : kLetters) {
    if (known.letter == letter && known.argument == argument) return known.field;
  }
  for (const auto& named : kNamed) {
    if (named.letter == letter && !argument.empty()) return named.field;
  }
  return std::nullopt;
}

// Cuts the escape at the beginning of `text` off; false if there is no such escape.
bool take_escape(std::string_view& text, LogItem& item) noexcept {
  std::size_t at = 1;
  std::string_view argument;
  if (text.substr(at, 1) == "{") {
    const auto close = text.find('}', at);
    if (close == std::string_view::npos) return false;
    argument = text.substr(at + 1, close - at - 1);
    at = close + 1;
  }
  if (at >= text.size()) return false;
  if (text[at] == '%' && at == 1) {
    item = {.field = Literal{}, .text = text.substr(0, 1)};
  } else {
    const auto field = field_of(text[at], argument);
    if (!field) return false;
    item = {.field = *field, .text = argument};
  }
  text.remove_prefix(at + 1);
  return true;
}

// What stands before the next escape.
LogItem take_literal(std::string_view& text) noexcept {
  if (text.starts_with("\\t")) {
    text.remove_prefix(2);
    return {.field = Literal{}, .text = "\t"};
  }
  const auto size = std::min({text.find('%'), text.find("\\t"), text.size()});
  const LogItem item{.field = Literal{}, .text = text.substr(0, size)};
  text.remove_prefix(size);
  return item;
}

}  // namespace

base::Parsed<LogFormat> parse_log_format(std::string_view format) {
  LogFormat items;
  auto left = format;
  while (!left.empty()) {
    LogItem item{};
    if (left.front() != '%') {
      item = take_literal(left);
    } else if (!take_escape(left, item)) {
      const bool braces = left.starts_with("%{");
      const auto end = braces ? left.find('}') : 0;
      const auto escape = left.substr(0, end == std::string_view::npos ? left.size() : end + 2);
      return base::Wrong{std::string(escape).append(": unknown; expected ").append(legal())};
    }
    items.push_back(item);
  }
  return items;
}

std::span<const LogPreset> log_presets() noexcept {
  return kPresets;
}

}  // namespace wsflow::config
