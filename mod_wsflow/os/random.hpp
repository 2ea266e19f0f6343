#pragma once

#include <cstdint>

namespace wsflow::os {

// Unpredictable numbers from the kernel, for masking keys (RFC 6455 5.3) and tunnel ids. Every thread.
std::uint32_t random32() noexcept;
std::uint64_t random64() noexcept;

}  // namespace wsflow::os
