#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace wsflow::os {

// Returns the first 128 bits of SHA-256(secret || text). Nobody can search for texts with equal digests
// without the secret. Every thread; never fails.
std::array<std::uint64_t, 2> digest128(std::span<const std::uint64_t> secret, std::string_view text) noexcept;

}  // namespace wsflow::os
