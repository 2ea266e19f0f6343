#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wsflow::base {

// A line of text, built without allocation and cut at its capacity.
template <std::size_t Capacity>
class Text {
 public:
  Text& operator<<(std::string_view piece) noexcept {
    const auto count = std::min(piece.size(), Capacity - size_);
    std::copy_n(piece.data(), count, buffer_.data() + size_);
    size_ += count;
    return *this;
  }
  template <std::integral Number>
  Text& operator<<(Number number) noexcept {
    return append(number, 10);
  }
  // Appends sixteen hexadecimal digits, the form of a tunnel's id everywhere.
  Text& id(std::uint64_t value) noexcept {
    std::array<char, 16> digits{};
    for (auto at = digits.rbegin(); at != digits.rend(); ++at, value >>= 4U)
      *at = "0123456789abcdef"[value & 15U];
    return *this << std::string_view(digits.data(), digits.size());
  }
  std::string_view view() const noexcept { return {buffer_.data(), size_}; }

 private:
  template <std::integral Number>
  Text& append(Number number, int base) noexcept {
    const auto result = std::to_chars(buffer_.data() + size_, buffer_.data() + Capacity, number, base);
    if (result.ec == std::errc{}) size_ = static_cast<std::size_t>(result.ptr - buffer_.data());
    return *this;
  }

  std::array<char, Capacity> buffer_{};
  std::size_t size_ = 0;
};

}  // namespace wsflow::base
