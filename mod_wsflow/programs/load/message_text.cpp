#include "mod_wsflow/programs/load/message_text.hpp"

#include <array>
#include <cstdint>

namespace wsflow::load {

std::string make_payload(std::size_t size, bool binary) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string payload(size, '\0');
  std::uint32_t state = 2463534242U;
  for (char& byte : payload) {
    state = state * 1664525U + 1013904223U;
    byte = binary ? static_cast<char>(state >> 24U) : kLetters[(state >> 16U) % kLetters.size()];
  }
  return payload;
}

std::string client_frame(ws::Opcode opcode, std::string_view payload) {
  constexpr std::array<std::uint8_t, 4> kMask{0x37, 0xFA, 0x21, 0x3D};
  const std::uint64_t size = payload.size();
  const int extended = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
  std::string frame;
  frame.reserve(payload.size() + 14);
  const auto put = [&frame](std::uint64_t byte) { frame.push_back(static_cast<char>(byte & 0xFFU)); };
  put(0x80U | static_cast<unsigned>(opcode));
  put(0x80U | (extended == 0 ? size : extended == 2 ? 126U : 127U));
  for (int i = extended - 1; i >= 0; --i) put(size >> (8U * static_cast<unsigned>(i)));
  for (const auto byte : kMask) put(byte);
  for (std::size_t i = 0; i < payload.size(); ++i)
    put(static_cast<std::uint8_t>(payload[i]) ^ kMask[i % kMask.size()]);
  return frame;
}

}  // namespace wsflow::load
