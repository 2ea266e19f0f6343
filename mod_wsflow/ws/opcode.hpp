#pragma once

#include <cstdint>
#include <string_view>

namespace wsflow::ws {

// RFC 6455 5.2. The ten values without a name are reserved: 3..7 for data frames, 11..15 for control frames.
enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

constexpr bool is_control(Opcode opcode) noexcept {
  return (static_cast<unsigned>(opcode) & 0x8U) != 0;
}

constexpr bool is_reserved(Opcode opcode) noexcept {
  const unsigned value = static_cast<unsigned>(opcode) & 0xFU;
  return (value & 0x7U) > 2;
}

constexpr std::string_view to_string(Opcode opcode) noexcept {
  switch (opcode) {
    case Opcode::continuation: return "continuation";
    case Opcode::text: return "text";
    case Opcode::binary: return "binary";
    case Opcode::close: return "close";
    case Opcode::ping: return "ping";
    case Opcode::pong: return "pong";
  }
  return "reserved";
}

}  // namespace wsflow::ws
