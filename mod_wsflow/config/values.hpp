#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wsflow::config {

// The values of directives. A parser returns nothing for a text that is not legal.

// A whole number from `least` to `most`.
std::optional<int> parse_number(std::string_view text, int least, int most) noexcept;

// A time from `least` to `most`, both and the result in microseconds: a number and its unit (ms, s, mi, h, in
// either case, with any letters behind it, as httpd's own directives take them; seconds if there is none).
std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t least, std::int64_t most) noexcept;

// A number of bytes from `least` to `most`: a number, and k, M or G in either case for KiB, MiB or GiB.
std::optional<std::int64_t> parse_size(std::string_view text, std::int64_t least, std::int64_t most) noexcept;

// A Close code that may be sent (RFC 6455 7.4).
std::optional<int> parse_close_code(std::string_view text) noexcept;

// `yes` as true and `no` as false, in any case.
std::optional<bool> parse_choice(std::string_view text, std::string_view yes, std::string_view no) noexcept;

// What a value may be: the words that tell a user what is legal, and the parser that takes just that.
template <class T>
struct Kind {
  std::string_view legal;
  std::optional<T> (*parse)(std::string_view text);
};

inline constexpr Kind<bool> kOnOff{"on or off",
                                   [](std::string_view text) { return parse_choice(text, "on", "off"); }};

}  // namespace wsflow::config
