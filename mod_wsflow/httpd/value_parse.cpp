#include "mod_wsflow/httpd/value_parse.hpp"

#include <charconv>

namespace wsflow::httpd {

namespace {
struct Unit {
  std::string_view name;
  std::int64_t micros;
};
constexpr Unit kUnits[] = {
    {"", 1'000'000}, {"ms", 1'000}, {"s", 1'000'000}, {"mi", 60'000'000}, {"h", 3'600'000'000}};
}  // namespace

bool parse_number(std::string_view text, int least, int most, int& number) noexcept {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) return false;
  number = value;
  return true;
}

bool parse_time(std::string_view text, std::int64_t least, std::int64_t most, std::int64_t& time) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) return false;
  const auto name = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& unit : kUnits) {
    if (name != unit.name) continue;
    if (value > most / unit.micros || value * unit.micros < least) return false;
    time = value * unit.micros;
    return true;
  }
  return false;
}

}  // namespace wsflow::httpd
