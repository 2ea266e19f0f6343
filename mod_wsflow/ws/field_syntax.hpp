#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace wsflow::ws {

// token of RFC 9110 5.6.2; OWS of 5.6.3 below.
constexpr bool is_token_char(char c) noexcept {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
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
constexpr bool is_field_char(char c) noexcept {
  const auto value = static_cast<unsigned char>(c);
  return (value >= 0x20 || c == '\t') && value != 0x7F;
}

constexpr bool is_field_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), is_field_char);
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
