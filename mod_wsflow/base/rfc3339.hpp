#pragma once

#include <cstdint>
#include <string>

namespace wsflow::base {

// Formats microseconds since the epoch as "2026-01-31T23:59:59.123Z" (RFC 3339, UTC). What is before
// the year 0000 or behind 9999 is the first or the last moment of them.
std::string rfc3339(std::int64_t microseconds);

}  // namespace wsflow::base
