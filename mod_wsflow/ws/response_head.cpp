#include "mod_wsflow/ws/response_head.hpp"

#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::ws {
namespace {

constexpr std::size_t kStatusPrefix = std::string_view("HTTP/1.x ").size();
constexpr std::size_t kStatusDigits = 3;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// Takes a line off `head` without its CRLF or LF; false: none is complete.
bool take_line(std::string_view& head, std::string_view& line) noexcept {
  const std::size_t end = head.find('\n');
  if (end == std::string_view::npos) return false;
  line = head.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  head.remove_prefix(end + 1);
  return true;
}

HeadError parse_status_line(std::string_view line, ResponseHead& out) noexcept {
  if (!is_field_value(line)) return HeadError::control_character;
  if (line.size() < kStatusPrefix + kStatusDigits || !line.starts_with("HTTP/1.") || !is_digit(line[7]) ||
      line[8] != ' ') {
    return HeadError::bad_status_line;
  }
  const std::string_view text = line.substr(kStatusPrefix);
  const std::string_view digits = text.substr(0, kStatusDigits);
  if (!std::all_of(digits.begin(), digits.end(), is_digit)) return HeadError::bad_status_line;
  if (text.size() > kStatusDigits && text[kStatusDigits] != ' ') return HeadError::bad_status_line;
  out.minor = line[7] - '0';
  out.status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  out.status_text = trim_ows(text);
  return out.status >= 100 && out.status <= 599 ? HeadError::none : HeadError::bad_status_line;
}

HeadError parse_field(std::string_view line, HeadField& out) noexcept {
  if (!is_field_value(line)) return HeadError::control_character;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return HeadError::bad_field;
  std::string_view name = line.substr(0, colon);
  // RFC 9112 5.1: a proxy removes white space before the colon of a response's field.
  while (!name.empty() && is_ows(name.back())) name.remove_suffix(1);
  if (!is_token(name)) return HeadError::bad_field;
  out.name = name;
  out.value = trim_ows(line.substr(colon + 1));
  return HeadError::none;
}

}  // namespace

std::size_t find_head_end(std::string_view buffer, std::size_t searched) noexcept {
  // The search goes two bytes back: the end of a head may be split as "\n\r" + "\n".
  std::size_t at = buffer.find('\n', searched < 2 ? 0 : searched - 2);
  while (at != std::string_view::npos) {
    const std::string_view next = buffer.substr(at + 1);
    if (next.starts_with('\n')) return at + 2;
    if (next.starts_with("\r\n")) return at + 3;
    at = buffer.find('\n', at + 1);
  }
  return std::string_view::npos;
}

void unfold(std::span<char> head) noexcept {
  const std::string_view text(head.data(), head.size());
  std::size_t at = text.find('\n');  // of the status line, which no folded line continues
  bool in_value = false;             // `at` is behind the colon of a field, or in its folded lines
  while (at != std::string_view::npos) {
    const std::size_t line = at + 1;
    at = text.find('\n', line);
    if (at == std::string_view::npos) return;
    in_value = in_value || text.substr(line, at - line).find(':') != std::string_view::npos;
    if (in_value && at + 1 < text.size() && is_ows(text[at + 1])) {
      head[at] = ' ';
      if (text[at - 1] == '\r') head[at - 1] = ' ';
    } else {
      in_value = false;
    }
  }
}

HeadError parse_response_head(std::string_view head, ResponseHead& out) {
  constexpr std::size_t kUsual = 16;  // fields
  out = ResponseHead{};
  out.fields.reserve(kUsual);
  std::string_view line;
  if (!take_line(head, line)) return HeadError::bad_status_line;
  HeadError error = parse_status_line(line, out);
  if (error != HeadError::none) return error;
  while (take_line(head, line)) {
    if (line.empty()) return head.empty() ? HeadError::none : HeadError::bad_field;
    HeadField field;
    error = parse_field(line, field);
    if (error != HeadError::none) return error;
    if (out.fields.size() == kMaxHeadFields) return HeadError::too_many_fields;
    out.fields.push_back(field);
  }
  return HeadError::bad_field;  // the empty line is missing
}

const char* describe(HeadError error) noexcept {
  switch (error) {
    case HeadError::none: return "the response head is valid";
    case HeadError::bad_status_line:
      return "the status line is not \"HTTP/1.x\", a code from 100 to 599 and a reason";
    case HeadError::bad_field: return "a line of the response head is not \"name: value\"";
    case HeadError::too_many_fields: return "the response head has more than 200 fields";
    case HeadError::control_character: return "the response head has a control character";
  }
  return "unknown error";
}

}  // namespace wsflow::ws
