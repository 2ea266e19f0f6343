#pragma once

#include <cstdint>
#include <string_view>

namespace wsflow::config {

// The values of directives.

// Parses a whole number from `least` to `most`; false if it is none.
bool parse_number(std::string_view text, int least, int most, int& number) noexcept;

// Parses a time from `least` to `most`, both and the result in microseconds: a number and its unit (ms, s,
// mi, h, in either case, and what letters may follow, as for httpd's own directives; seconds if none). False
// if it is none.
bool parse_time(std::string_view text, std::int64_t least, std::int64_t most, std::int64_t& time) noexcept;

// Parses a number of bytes from `least` to `most`: a number and k, M or G, in either case, if it is in KiB,
// MiB or GiB. False if it is none.
bool parse_size(std::string_view text, std::int64_t least, std::int64_t most, std::int64_t& size) noexcept;

}  // namespace wsflow::config
