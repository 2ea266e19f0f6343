#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "mod_wsflow/ws/frame_scanner.hpp"

namespace wsflow::test {

using Bytes = std::vector<std::uint8_t>;

inline constexpr std::uint8_t kMaskKey[4] = {0x37, 0xFA, 0x21, 0x3D};

inline void append(Bytes& to, const Bytes& bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

// A frame header whose length takes 7, 16 or 64 bits.
inline Bytes header(ws::Opcode opcode, bool fin, std::uint64_t length, int width, bool masked) {
  Bytes out{static_cast<std::uint8_t>((fin ? 0x80U : 0U) | static_cast<unsigned>(opcode))};
  const std::uint64_t short_length = width == 7 ? length : (width == 16 ? 126 : 127);
  out.push_back(static_cast<std::uint8_t>((masked ? 0x80U : 0U) | short_length));
  for (int shift = width == 7 ? 0 : width; shift > 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(length >> static_cast<unsigned>(shift - 8)));
  }
  for (const auto byte : kMaskKey) {
    if (masked) out.push_back(byte);
  }
  return out;
}

inline Bytes frame(ws::Opcode opcode, bool fin, const Bytes& payload, bool masked = false) {
  const int width = payload.size() < 126 ? 7 : (payload.size() < 65536 ? 16 : 64);
  Bytes out = header(opcode, fin, payload.size(), width, masked);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(masked ? static_cast<std::uint8_t>(payload[i] ^ kMaskKey[i % 4]) : payload[i]);
  }
  return out;
}

// A scanner and what it has reported.
struct Scan {
  explicit Scan(ws::Sender sender) : scanner(sender) {}

  void feed(std::span<const std::uint8_t> bytes) {
    scanner.scan(bytes, [this](const ws::FrameHeader& header) {
      headers.push_back(header);
      if (header.fin && !is_control(header.opcode)) ++messages;
    });
  }
  void feed(std::initializer_list<std::uint8_t> bytes) { feed(std::span(bytes.begin(), bytes.size())); }

  ws::FrameScanner scanner;
  std::vector<ws::FrameHeader> headers;
  int messages = 0;
};

}  // namespace wsflow::test
