#include "mod_wsflow/httpd/value_parse.hpp"

#include <charconv>
#include <span>

namespace wsflow::httpd {

namespace {
struct Unit {
  std::string_view name;
  std::int64_t worth;
};
constexpr Unit kTimes[] = {
    {"", 1'000'000}, {"ms", 1'000}, {"s", 1'000'000}, {"mi", 60'000'000}, {"h", 3'600'000'000}};
constexpr std::int64_t kKibi = 1024;
constexpr Unit kSizes[] = {{"", 1},
                           {"k", kKibi},
                           {"K", kKibi},
                           {"m", kKibi* kKibi},
                           {"M", kKibi* kKibi},
                           {"g", kKibi* kKibi* kKibi},
                           {"G", kKibi* kKibi* kKibi}};

// A number and its unit.
bool parse_measure(std::string_view text, std::span<const Unit> units, std::int64_t least, std::int64_t most,
                   std::int64_t& result) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) return false;
  const auto name = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& unit : units) {
    if (name != unit.name) continue;
    if (value > most / unit.worth || value * unit.worth < least) return false;
    result = value * unit.worth;
    return true;
  }
  return false;
}
}  // namespace

bool parse_number(std::string_view text, int least, int most, int& number) noexcept {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) return false;
  number = value;
  return true;
}

bool parse_time(std::string_view text, std::int64_t least, std::int64_t most, std::int64_t& time) noexcept {
  return parse_measure(text, kTimes, least, most, time);
}

bool parse_size(std::string_view text, std::int64_t least, std::int64_t most, std::int64_t& size) noexcept {
  return parse_measure(text, kSizes, least, most, size);
}

}  // namespace wsflow::httpd
