#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wsflow::shm {

// The address of a client; IPv4 as IPv6 (::ffff:192.0.2.1). All zero: none.
struct Address {
  static constexpr std::size_t kV4At = 12;  // where the IPv4 address stands in it

  static constexpr Address v4(const std::array<std::uint8_t, 4>& bytes) noexcept {
    Address result{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}};
    std::copy(bytes.begin(), bytes.end(), result.bytes.begin() + kV4At);
    return result;
  }
  // What people write; none if it is no address.
  static Address of(std::string_view text) noexcept;
  // As people write it; empty: none.
  std::string text() const;
  friend constexpr bool operator==(const Address&, const Address&) noexcept = default;

  std::array<std::uint8_t, 16> bytes{};
};

}  // namespace wsflow::shm
