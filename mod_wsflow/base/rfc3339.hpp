#pragma once

#include <cstdint>
#include <string>

namespace wsflow::base {

// Microseconds of the epoch as "2026-01-31T23:59:59.123Z".
std::string rfc3339(std::int64_t microseconds);

}  // namespace wsflow::base
