#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace wsflow::ws {

inline constexpr std::size_t kMaxHeadFields = 200;

// Returns the offset behind the empty line that ends a head, or npos. An earlier call found no end in the
// first `searched` bytes. Lines may end with a bare LF (RFC 9112 2.2), which httpd also accepts.
std::size_t find_head_end(std::string_view buffer, std::size_t searched) noexcept;

struct HeadField {
  std::string_view name;
  std::string_view value;  // without the white space around it
};

// A parsed head; views into the parsed buffer.
struct ResponseHead {
  int minor = 0;
  int status = 0;
  std::string_view status_text;  // code and reason: "404 Not Found"
  std::vector<HeadField> fields;
};

enum class HeadError : std::uint8_t { none, bad_status_line, bad_field, too_many_fields, control_character };

// Overwrites the line ends inside folded values with spaces, as RFC 9112 5.2 demands of a proxy: a line that
// begins with white space continues the value before it. Without such a value it changes nothing, and parsing
// fails.
void unfold(std::span<char> head) noexcept;

// Parses a whole HTTP/1.x response head, including the empty line. It does not trust the origin, and refuses
// all that a lenient reader could read differently (folded lines, control characters). White space before the
// colon is no part of the name (RFC 9112 5.1).
HeadError parse_response_head(std::string_view head, ResponseHead& out);

const char* describe(HeadError error) noexcept;

}  // namespace wsflow::ws
