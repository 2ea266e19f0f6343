#pragma once

#include <cstdint>
#include <string>

namespace wsflow::base {

// Formats microseconds since the epoch as "2026-01-31T23:59:59.123Z" (RFC 3339, UTC).
std::string rfc3339(std::int64_t microseconds);

}  // namespace wsflow::base
