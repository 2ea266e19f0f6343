#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace wsflow::os {

// Returns the first 128 bits of SHA-256(secret || text). Nobody can search for texts with equal digests
// without the secret. Every thread; never fails.
std::array<std::uint64_t, 2> digest128(std::span<const std::uint64_t> secret, std::string_view text) noexcept;

// Returns the first 128 bits of SHA-256 over both texts with a zero between, the same on every machine: a
// client may know them, but nobody can find two texts with equal ones. `domain` has no zero. Every thread;
// never fails.
std::array<std::uint64_t, 2> public_digest128(std::string_view domain, std::string_view text) noexcept;

// Every thread; never fails.
std::array<unsigned char, 32> sha256(std::string_view text) noexcept;

// SHA-1, which RFC 6455 4.2.2 wants for Sec-WebSocket-Accept. Every thread; never fails.
std::array<unsigned char, 20> sha1(std::string_view text, std::string_view rest) noexcept;

}  // namespace wsflow::os
