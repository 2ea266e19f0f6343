#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace wsflow::ws {

// Which of the 256 characters belong to a class: each character of each head is looked up.
using CharClass = std::array<bool, 256>;

constexpr bool all_in(const CharClass& wanted, std::string_view text) noexcept {
  for (const char c : text) {
    if (!wanted[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

// token of RFC 9110 5.6.2; OWS of 5.6.3 below.
inline constexpr CharClass kTokenChars = [] {
  CharClass in{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    in[static_cast<unsigned char>(c)] = true;
  return in;
}();

constexpr bool is_token_char(char c) noexcept {
  return kTokenChars[static_cast<unsigned char>(c)];
}

constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && all_in(kTokenChars, text);
}

constexpr bool is_ows(char c) noexcept {
  return c == ' ' || c == '\t';
}

constexpr std::string_view trim_ows(std::string_view text) noexcept {
  while (!text.empty() && is_ows(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_ows(text.back())) text.remove_suffix(1);
  return text;
}

// A field value has no control character but a tab (RFC 9110 5.5): every reader sees one line.
inline constexpr CharClass kFieldChars = [] {
  CharClass in{};
  for (std::size_t c = 0x20; c < in.size(); ++c) in[c] = c != 0x7F;
  in['\t'] = true;
  return in;
}();

constexpr bool is_field_char(char c) noexcept {
  return kFieldChars[static_cast<unsigned char>(c)];
}

constexpr bool is_field_value(std::string_view text) noexcept {
  return all_in(kFieldChars, text);
}

// ASCII only. The C library's tolower() depends on the locale of the server, and tokens must not.
constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

// Takes the first element off a comma-separated list (RFC 9110 5.6.1), OWS trimmed; elements may be empty.
constexpr std::string_view take_element(std::string_view& list) noexcept {
  const std::size_t comma = list.find(',');
  const std::string_view element = trim_ows(list.substr(0, comma));
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return element;
}

}  // namespace wsflow::ws
