#include "mod_wsflow/base/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace wsflow::base {

namespace {

std::uint8_t byte(std::string_view text, std::size_t at) noexcept {
  return at < text.size() ? static_cast<std::uint8_t>(text[at]) : std::uint8_t{0};
}

bool within(std::uint8_t value, std::uint8_t least, std::uint8_t most) noexcept {
  return value >= least && value <= most;
}

// Length of the valid character at the front of `text`; 0 if there is none (table 3-7 of the Unicode
// standard).
std::size_t character(std::string_view text) noexcept {
  const auto first = byte(text, 0);
  const auto second = byte(text, 1);
  if (first < 0x80) return 1;
  std::uint8_t least = 0x80;
  std::uint8_t most = 0xBF;
  std::size_t length = 0;
  if (within(first, 0xC2, 0xDF)) length = 2;
  if (within(first, 0xE0, 0xEF)) length = 3;
  if (within(first, 0xF0, 0xF4)) length = 4;
  if (first == 0xE0) least = 0xA0;
  if (first == 0xED) most = 0x9F;
  if (first == 0xF0) least = 0x90;
  if (first == 0xF4) most = 0x8F;
  if (length == 0 || !within(second, least, most)) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!within(byte(text, i), 0x80, 0xBF)) return 0;
  }
  return length;
}

// True for U+0000 to U+001F and U+007F to U+009F.
bool is_control(std::string_view character) noexcept {
  const auto first = byte(character, 0);
  return first < 0x20 || first == 0x7F || (first == 0xC2 && byte(character, 1) < 0xA0);
}

// The length of what stands in front of `text` and is printable ASCII: most texts are nothing else.
std::size_t plain_length(std::string_view text) noexcept {
  const auto other = std::find_if(text.begin(), text.end(), [](char c) { return c < 0x20 || c >= 0x7F; });
  return static_cast<std::size_t>(other - text.begin());
}

// Copies `text`, with U+FFFD for each invalid byte and each character that `keeps` rejects.
template <class Keeps>
std::string copy(std::string_view text, Keeps&& keeps) {
  const auto plain = plain_length(text);
  std::string result(text.substr(0, plain));
  text.remove_prefix(plain);
  while (!text.empty()) {
    const auto length = character(text);
    const auto kept = length != 0 && keeps(text.substr(0, length));
    result += kept ? text.substr(0, length) : std::string_view("\xEF\xBF\xBD");
    text.remove_prefix(length != 0 ? length : 1);
  }
  return result;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  return copy(text, [](std::string_view) { return true; });
}

std::string printable_utf8(std::string_view text) {
  return copy(text, [](std::string_view character) { return !is_control(character); });
}

}  // namespace wsflow::base
