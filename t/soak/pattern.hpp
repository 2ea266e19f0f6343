// Payloads that say which message they are and what each of their bytes must be.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wsflow::soak {

/// Message `number` is words of 8 bytes, little endian: the number itself, then what follows from it.
inline std::uint64_t pattern_word(std::uint64_t number, std::size_t index) {
  if (index == 0) return number;
  std::uint64_t word = number + index * 0x9E3779B97F4A7C15U;
  word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9U;
  return word ^ word >> 27;
}

inline void append_pattern(std::string& out, std::uint64_t number, std::size_t offset, std::size_t count) {
  const std::size_t end = offset + count;
  while (offset < end) {
    const std::size_t within = offset % 8;
    std::uint64_t word = pattern_word(number, offset / 8) >> 8 * within;
    const std::size_t bytes = std::min(8 - within, end - offset);
    for (std::size_t i = 0; i < bytes; ++i, word >>= 8) out.push_back(static_cast<char>(word & 0xFF));
    offset += bytes;
  }
}

/// Checks messages that come in pieces: each byte, and that each number follows the one before.
class MessageCheck {
 public:
  /// The number of the first message is what it says itself.
  MessageCheck() : known_(false) {}
  explicit MessageCheck(std::uint64_t first) : number_(first), known_(true) {}

  /// `bytes` stand at `offset` of the current message. False: they are not what was sent.
  bool piece(std::size_t offset, std::string_view bytes) {
    for (; !known_ && !bytes.empty(); ++offset, bytes.remove_prefix(1)) {
      number_ |= std::uint64_t{static_cast<std::uint8_t>(bytes.front())} << 8 * offset;
      known_ = offset == 7;
    }
    expected_.clear();
    append_pattern(expected_, number_, offset, bytes.size());
    return bytes == expected_;
  }
  void finish() { ++number_; }
  std::uint64_t number() const { return number_; }

 private:
  std::uint64_t number_ = 0;
  bool known_;
  std::string expected_;
};

}  // namespace wsflow::soak
