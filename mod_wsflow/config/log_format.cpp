#include "mod_wsflow/config/log_format.hpp"

#include <algorithm>
#include <optional>

namespace wsflow::config {

namespace {

// A letter and what may stand in its braces.
struct Letter {
  char letter;
  std::string_view argument;
  LogField field;
};
constexpr Letter kLetters[] = {
    {'a', "", LogField::client},
    {'a', "c", LogField::peer},
    {'h', "", LogField::host},
    {'l', "", LogField::ident},
    {'u', "", LogField::user},
    {'v', "", LogField::server},
    {'V', "", LogField::server_asked},
    {'p', "", LogField::port},
    {'p', "canonical", LogField::port},
    {'p', "local", LogField::local_port},
    {'p', "remote", LogField::remote_port},
    {'r', "", LogField::request_line},
    {'m', "", LogField::method},
    {'H', "", LogField::protocol},
    {'U', "", LogField::path},
    {'q', "", LogField::query},
    {'P', "", LogField::pid},
    {'D', "", LogField::micros},
    {'T', "", LogField::seconds},
    {'T', "s", LogField::seconds},
    {'T', "ms", LogField::millis},
    {'T', "us", LogField::micros},
    {'w', "id", LogField::id},
    {'w', "event", LogField::event},
    {'w', "route", LogField::route},
    {'w', "origin", LogField::origin},
    {'w', "duration", LogField::duration},
    {'w', "handshake", LogField::handshake},
    {'w', "bytes-from-client", LogField::bytes_from_client},
    {'w', "bytes-from-origin", LogField::bytes_from_origin},
    {'w', "messages-from-client", LogField::messages_from_client},
    {'w', "messages-from-origin", LogField::messages_from_origin},
    {'w', "frames-from-client", LogField::frames_from_client},
    {'w', "frames-from-origin", LogField::frames_from_origin},
    {'w', "close-client", LogField::close_client},
    {'w', "close-origin", LogField::close_origin},
    {'w', "close-to-client", LogField::close_to_client},
    {'w', "close-to-origin", LogField::close_to_origin},
    {'w', "ended-by", LogField::ended_by},
    {'w', "outcome", LogField::outcome},
    {'w', "rtt-client", LogField::rtt_client},
    {'w', "rtt-origin", LogField::rtt_origin},
    {'w', "tls-client", LogField::tls_client},
    {'w', "tls-origin", LogField::tls_origin},
    {'w', "generation", LogField::generation},
    {'w', "pid", LogField::pid},
    {'w', "mode", LogField::mode},
};

// Letters whose braces hold a name.
struct Named {
  char letter;
  std::string_view what;
  LogField field;
};
constexpr Named kNamed[] = {
    {'i', "field of the handshake", LogField::request_field},
    {'o', "field of the answer", LogField::answer_field},
    {'e', "environment variable", LogField::environment},
    {'n', "note", LogField::note},
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

// What an escape is that ends in `letter`; `argument`: what stands in its braces.
std::optional<LogField> field_of(char letter, std::string_view argument) noexcept {
  if (letter == 't') return LogField::time;
  for (const auto& known : kLetters) {
    if (known.letter == letter && known.argument == argument) return known.field;
  }
  for (const auto& named : kNamed) {
    if (named.letter == letter && !argument.empty()) return named.field;
  }
  return std::nullopt;
}

// Cuts the escape at the beginning of `text` off; false if it is none of ours.
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
    item = {.field = LogField::literal, .text = text.substr(0, 1)};
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
    return {.field = LogField::literal, .text = "\t"};
  }
  const auto size = std::min({text.find('%'), text.find("\\t"), text.size()});
  const LogItem item{.field = LogField::literal, .text = text.substr(0, size)};
  text.remove_prefix(size);
  return item;
}

}  // namespace

LogFormat parse_log_format(std::string_view format) {
  LogFormat result;
  auto left = format;
  while (!left.empty()) {
    LogItem item{};
    if (left.front() != '%') {
      item = take_literal(left);
    } else if (!take_escape(left, item)) {
      const bool braces = left.starts_with("%{");
      const auto end = braces ? left.find('}') : 0;
      result.error.append(left.substr(0, end == std::string_view::npos ? left.size() : end + 2));
      result.error.append(": unknown; expected ").append(legal());
      return result;
    }
    result.items.push_back(item);
  }
  return result;
}

std::span<const LogPreset> log_presets() noexcept {
  return kPresets;
}

}  // namespace wsflow::config
