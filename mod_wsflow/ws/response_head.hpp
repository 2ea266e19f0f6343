#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace wsflow::ws {

inline constexpr std::size_t kMaxHeadFields = 200;

// The offset just behind the empty line that ends a head, or npos. The first `searched` bytes were searched
// before without success. Lines may end with a bare LF, as httpd allows.
std::size_t find_head_end(std::string_view buffer, std::size_t searched) noexcept;

struct HeadField {
  std::string_view name;
  std::string_view value;  // without the white space around it
};

// Views into the buffer that was parsed.
struct ResponseHead {
  int minor = 0;
  int status = 0;
  std::string_view status_text;  // code and reason: "404 Not Found"
  std::vector<HeadField> fields;
};

enum class HeadError : std::uint8_t { none, bad_status_line, bad_field, too_many_fields, control_character };

// Writes spaces over the line ends inside values, as RFC 9112 5.2 tells a proxy to: a line that begins with
// white space goes on with the field before it. Else nothing is changed: where there is no value that could
// go on, parsing fails.
void unfold(std::span<char> head) noexcept;

// Parses a whole HTTP/1.x response head, the empty line included. The origin is not trusted: what a lenient
// reader might take for something else (folded lines, control characters) is refused. White space between
// name and colon is none of the name (RFC 9112 5.1).
HeadError parse_response_head(std::string_view head, ResponseHead& out);

const char* describe(HeadError error) noexcept;

}  // namespace wsflow::ws
