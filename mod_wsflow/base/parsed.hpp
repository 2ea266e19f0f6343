#pragma once

#include <optional>
#include <string>
#include <utility>

namespace wsflow::base {

// A sentence about a text that no parser takes: what is wrong with it, and what is legal.
struct Wrong {
  std::string sentence;
};

// What a parser makes of a text: a value, or a sentence.
template <class T>
class [[nodiscard]] Parsed {
 public:
  Parsed(T value) : value_(std::move(value)) {}
  Parsed(Wrong wrong) : wrong_(std::move(wrong.sentence)) {}

  explicit operator bool() const noexcept { return value_.has_value(); }
  // Pre: there is a value.
  const T& operator*() const& noexcept { return *value_; }
  T&& operator*() && noexcept { return *std::move(value_); }
  const T* operator->() const noexcept { return &*value_; }
  // Empty: there is a value.
  const std::string& wrong() const noexcept { return wrong_; }

 private:
  std::optional<T> value_;
  std::string wrong_;
};

}  // namespace wsflow::base
