#include "mod_wsflow/status/html_text.hpp"

#include <array>
#include <cmath>
#include <cstddef>

#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/status/limit_text.hpp"

namespace wsflow::status {

namespace {

constexpr double kMinute = 60;
constexpr double kHour = 60 * kMinute;
constexpr double kDay = 24 * kHour;

// The value within 0 and 1e18; 0 for infinity and NaN.
double sane(double value) noexcept {
  constexpr double kMost = 1e18;
  return std::isfinite(value) ? std::fmin(std::fmax(value, 0), kMost) : 0;
}

// "3 m 20 s"; without the smaller unit if its number is 0.
std::string pair(double value, double greater, const char* great, double smaller, const char* small) {
  const auto first = std::floor(value / greater);
  const auto second = std::floor((value - first * greater) / smaller);
  auto text = grouped(static_cast<std::uint64_t>(first)) + " " + great;
  if (second > 0) text.append(" ").append(std::to_string(static_cast<int>(second))).append(" ").append(small);
  return text;
}

bool is_plain(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out.push_back(c);
    }
  }
  return out;
}

std::string html(std::string_view text) {
  return escape_html(base::printable_utf8(text));
}

std::string ascii_html(std::string_view html) {
  const auto valid = base::valid_utf8(html);
  std::string out;
  for (std::size_t i = 0; i < valid.size();) {
    const auto first = static_cast<unsigned char>(valid[i++]);
    if (first < 0x80) {
      out.push_back(static_cast<char>(first));
      continue;
    }
    const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    std::uint32_t character = first & (0x3FU >> more);
    for (int rest = more; rest > 0; --rest) {
      character = character << 6U | (static_cast<unsigned char>(valid[i++]) & 0x3FU);
    }
    out += "&#" + std::to_string(character) + ";";
  }
  return out;
}

std::string escape_url(std::string_view text) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_plain(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append(1, '%').append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 15U]);
    }
  }
  return out;
}

std::string grouped(std::uint64_t value) {
  auto text = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return text;
}

std::string amount(double value) {
  constexpr double kWhole = 99.95;
  value = sane(value);
  if (value >= kWhole) return grouped(static_cast<std::uint64_t>(std::llround(value)));
  return value < 0.001 ? "0" : decimal(value, value < 1 ? 2 : 3);
}

std::string byte_size(double bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
  bytes = sane(bytes);
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  return (unit == 0 ? std::to_string(std::llround(bytes)) : amount(bytes)) + " " + kUnits[unit];
}

std::string time_span(double seconds) {
  constexpr double kTenths = 10;
  seconds = sane(seconds);
  if (seconds < 0.001) return seconds > 0 ? "< 1 ms" : "0 s";
  if (seconds < 0.9995) return amount(seconds * 1000) + " ms";
  if (seconds < kTenths) return decimal(seconds, 2) + " s";
  if (seconds < kMinute) return std::to_string(static_cast<int>(seconds)) + " s";
  if (seconds < kHour) return pair(seconds, kMinute, "m", 1, "s");
  if (seconds < kDay) return pair(seconds, kHour, "h", kMinute, "m");
  return pair(seconds, kDay, "d", kHour, "h");
}

}  // namespace wsflow::status
