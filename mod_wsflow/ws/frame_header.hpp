#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "mod_wsflow/ws/close_code.hpp"
#include "mod_wsflow/ws/opcode.hpp"

namespace wsflow::ws {

// The header of a frame (RFC 6455 5.2).
struct FrameHeader {
  Opcode opcode;
  bool fin;
  std::uint8_t rsv;  // RSV1 is bit 2, RSV3 is bit 0
  bool masked;
  std::uint64_t payload_length;
};

inline constexpr std::size_t kMaxHeaderSize = 14;
inline constexpr std::size_t kMaxControlPayload = 125;
inline constexpr std::size_t kMaxCloseSize = 2 + 4 + kMaxControlPayload;

constexpr std::uint64_t big_endian(const std::uint8_t* at, unsigned bytes) noexcept {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) value = value << 8U | at[i];
  return value;
}

// The size of a header, computed from its second byte.
constexpr std::size_t header_size(std::uint8_t second) noexcept {
  const unsigned length = second & 0x7FU;
  const std::size_t extended = length < 126 ? 0 : (length == 126 ? 2 : 8);
  return 2 + extended + ((second & 0x80U) != 0 ? 4 : 0);
}

// Decodes the whole header at `head`, valid or not.
constexpr FrameHeader read_header(const std::uint8_t* head) noexcept {
  std::uint64_t length = head[1] & 0x7FU;
  if (length == 126) {
    length = big_endian(head + 2, 2);
  } else if (length == 127) {
    length = big_endian(head + 2, 8);
  }
  return {.opcode = static_cast<Opcode>(head[0] & 0xFU),
          .fin = (head[0] & 0x80U) != 0,
          .rsv = static_cast<std::uint8_t>((head[0] >> 4U) & 0x7U),
          .masked = (head[1] & 0x80U) != 0,
          .payload_length = length};
}

// Writes a control frame (RFC 6455 5.5) and returns its size, or 0 if `out` is too small. Masks it with
// `*mask_key`, most significant byte first (5.3), unless that is nullptr. Pre: the payload has at most
// kMaxControlPayload bytes.
inline std::size_t encode_control(std::span<std::uint8_t> out, Opcode opcode,
                                  std::span<const std::uint8_t> payload,
                                  const std::uint32_t* mask_key) noexcept {
  const std::size_t header_size = mask_key != nullptr ? 6 : 2;
  if (out.size() < header_size + payload.size()) return 0;
  out[0] = static_cast<std::uint8_t>(0x80U | static_cast<unsigned>(opcode));
  out[1] = static_cast<std::uint8_t>((mask_key != nullptr ? 0x80U : 0U) | payload.size());
  std::array<std::uint8_t, 4> key{};
  if (mask_key != nullptr) {
    for (std::size_t i = 0; i < key.size(); ++i) {
      key[i] = static_cast<std::uint8_t>(*mask_key >> (24U - 8U * i));
      out[2 + i] = key[i];
    }
  }
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out[header_size + i] = static_cast<std::uint8_t>(payload[i] ^ key[i % key.size()]);
  }
  return header_size + payload.size();
}

// Writes a Close frame (RFC 6455 5.5.1) by encode_control(); kMaxCloseSize bytes always suffice. A long
// reason is cut between characters of its UTF-8. A code that must not be sent gives a Close frame without
// payload: no caller can put 1006 on the wire.
inline std::size_t encode_close(std::span<std::uint8_t> out, std::uint16_t code, std::string_view reason,
                                const std::uint32_t* mask_key) noexcept {
  std::array<std::uint8_t, kMaxControlPayload> payload{};
  std::size_t length = 0;
  if (may_appear_on_wire(code)) {
    std::size_t kept = std::min(reason.size(), kMaxControlPayload - 2);
    const auto continues = [&](std::size_t at) {
      return at < reason.size() && (static_cast<unsigned char>(reason[at]) & 0xC0U) == 0x80U;
    };
    while (kept != 0 && continues(kept)) --kept;
    payload[0] = static_cast<std::uint8_t>(code >> 8U);
    payload[1] = static_cast<std::uint8_t>(code & 0xFFU);
    std::transform(reason.begin(), reason.begin() + static_cast<std::ptrdiff_t>(kept), payload.begin() + 2,
                   [](char c) { return static_cast<std::uint8_t>(c); });
    length = 2 + kept;
  }
  return encode_control(out, Opcode::close, std::span(payload).first(length), mask_key);
}

}  // namespace wsflow::ws
