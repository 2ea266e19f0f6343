#pragma once

#include <charconv>
#include <concepts>
#include <span>
#include <string>

namespace wsflow::cluster {

// Takes the elements of an answer, one after the other.
class Elements {
 public:
  explicit Elements(std::span<const std::string> left) noexcept : left_(left) {}

  // A number from 0 to `most`; else good() says so.
  template <class Number>
  Number take(Number most) noexcept {
    Number value{};
    if (left_.empty()) {
      good_ = false;
      return value;
    }
    const auto& text = left_.front();
    const auto* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    good_ = good_ && result.ec == std::errc{} && result.ptr == end && value >= 0 && value <= most;
    left_ = left_.subspan(1);
    return value;
  }
  std::span<const std::string> left() const noexcept { return left_; }
  bool good() const noexcept { return good_; }

 private:
  std::span<const std::string> left_;
  bool good_ = true;
};

// A number as scripts read it.
inline std::string decimal(double value) {
  char space[64];
  const auto end = std::to_chars(std::begin(space), std::end(space), value).ptr;
  return {space, end};
}

}  // namespace wsflow::cluster
