// As much of RFC 6455 as a load tool needs: whole frames in, whole frames out.
#pragma once

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace wsflow::bench {

inline constexpr std::uint8_t kText = 0x1;
inline constexpr std::uint8_t kBinary = 0x2;
inline constexpr std::uint8_t kClose = 0x8;
inline constexpr std::uint8_t kPing = 0x9;
inline constexpr std::uint8_t kPong = 0xA;

struct Frame {
  std::uint8_t first = 0;  // FIN, RSV and opcode as they stand
  std::size_t header = 0;
  std::size_t payload = 0;
  bool masked = false;
  std::array<std::uint8_t, 4> mask{};

  std::uint8_t opcode() const { return first & 0x0F; }
  std::size_t size() const { return header + payload; }
};

inline std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

/// True when `in` begins with a whole frame.
inline bool whole_frame(std::string_view in, Frame& frame) {
  if (in.size() < 2) return false;
  const std::uint8_t second = byte_at(in, 1);
  std::size_t extended = 0;
  if ((second & 0x7F) == 126) extended = 2;
  if ((second & 0x7F) == 127) extended = 8;
  frame.first = byte_at(in, 0);
  frame.masked = (second & 0x80) != 0;
  frame.header = 2 + extended + (frame.masked ? 4 : 0);
  if (in.size() < frame.header) return false;
  frame.payload = second & 0x7F;
  if (extended != 0) {
    frame.payload = 0;
    for (std::size_t i = 0; i < extended; ++i) frame.payload = frame.payload << 8 | byte_at(in, 2 + i);
  }
  if (frame.masked) {
    for (std::size_t i = 0; i < 4; ++i) frame.mask[i] = byte_at(in, frame.header - 4 + i);
  }
  return in.size() >= frame.size();
}

inline void append_header(std::string& out, std::uint8_t first, std::size_t payload, bool masked) {
  const auto put = [&out](std::size_t value) { out.push_back(static_cast<char>(value & 0xFF)); };
  const std::size_t mask_bit = masked ? 0x80 : 0;
  put(first);
  const int extended = payload < 126 ? 0 : payload <= 0xFFFF ? 2 : 8;
  put(mask_bit | (extended == 0 ? payload : extended == 2 ? 126 : 127));
  for (int i = extended - 1; i >= 0; --i) put(payload >> (8 * i));
}

inline void append_xored(std::string& out, std::string_view payload,
                         const std::array<std::uint8_t, 4>& mask) {
  const std::size_t start = out.size();
  out.append(payload);
  char* bytes = out.data() + start;
  std::size_t i = 0;
  // Eight bytes at a time: with large frames, the peers would be what is measured.
  std::array<std::uint8_t, 8> twice{};
  for (std::size_t at = 0; at < twice.size(); ++at) twice[at] = mask[at & 3];
  const auto key = std::bit_cast<std::uint64_t>(twice);
  for (std::uint64_t word; i + sizeof word <= payload.size(); i += sizeof word) {
    std::memcpy(&word, bytes + i, sizeof word);
    word ^= key;
    std::memcpy(bytes + i, &word, sizeof word);
  }
  for (; i < payload.size(); ++i) {
    bytes[i] = static_cast<char>(static_cast<std::uint8_t>(bytes[i]) ^ mask[i & 3]);
  }
}

inline void append_frame(std::string& out, std::uint8_t opcode, std::string_view payload, bool masked) {
  constexpr std::array<std::uint8_t, 4> kMask{0x37, 0xFA, 0x21, 0x3D};
  append_header(out, static_cast<std::uint8_t>(0x80 | opcode), payload.size(), masked);
  if (masked) {
    out.append(reinterpret_cast<const char*>(kMask.data()), kMask.size());
    append_xored(out, payload, kMask);
  } else {
    out.append(payload);
  }
}

/// A payload whose bytes are not all alike, so that lost, doubled or swapped ones are seen.
inline std::string make_payload(std::size_t size) {
  std::string payload(size, '\0');
  std::uint32_t state = 2463534242U;
  for (char& byte : payload) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24);
  }
  return payload;
}

inline std::string accept_of(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 32> base64{};
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(length)};
}

/// The value of a header field of `head`, or empty. `name` is in lower case.
inline std::string_view field(std::string_view head, std::string_view name) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : +a) == b; };
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view rest = head.substr(at + 2);
    if (rest.size() <= name.size() || rest[name.size()] != ':') continue;
    std::size_t matched = 0;
    while (matched < name.size() && same(rest[matched], name[matched])) ++matched;
    if (matched < name.size()) continue;
    const std::size_t begin = rest.find_first_not_of(' ', name.size() + 1);
    return rest.substr(begin, rest.find("\r\n") - begin);
  }
  return {};
}

}  // namespace wsflow::bench
