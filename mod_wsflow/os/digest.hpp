#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace wsflow::os {

// The first 128 bits of the SHA-256 of `secret` and `text`. Who does not know the secret cannot look for
// texts that share a digest. Every thread; never fails.
std::array<std::uint64_t, 2> digest128(std::span<const std::uint64_t> secret, std::string_view text) noexcept;

}  // namespace wsflow::os
