#pragma once

#include <cstdint>

namespace wsflow::tunnel {

enum class Side : std::uint8_t { client, origin };
constexpr Side other(Side side) noexcept {
  return side == Side::client ? Side::origin : Side::client;
}

}  // namespace wsflow::tunnel
