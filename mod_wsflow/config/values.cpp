#include "mod_wsflow/config/values.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::config {

namespace {
struct Unit {
  std::string_view name;
  std::int64_t worth;
};
// In lower case. httpd looks no further than these letters: "min", "sec" and "hours" are fine.
constexpr Unit kTimes[] = {{"ms", 1'000}, {"mi", 60'000'000}, {"s", 1'000'000}, {"h", 3'600'000'000}};
constexpr std::int64_t kBareTime = 1'000'000;
constexpr std::int64_t kKibi = 1024;
constexpr Unit kSizes[] = {{"", 1},
                           {"k", kKibi},
                           {"K", kKibi},
                           {"m", kKibi* kKibi},
                           {"M", kKibi* kKibi},
                           {"g", kKibi* kKibi* kKibi},
                           {"G", kKibi* kKibi* kKibi}};

// What a unit is worth; 0: it is none.
std::int64_t worth_of_time(std::string_view name) noexcept {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (name.empty()) return kBareTime;
  if (!std::ranges::all_of(name, is_letter)) return 0;
  for (const auto& unit : kTimes) {
    if (ws::equals_ignoring_case(name.substr(0, unit.name.size()), unit.name)) return unit.worth;
  }
  return 0;
}

std::int64_t worth_of_size(std::string_view name) noexcept {
  const auto* found = std::ranges::find(kSizes, name, &Unit::name);
  return found != std::end(kSizes) ? found->worth : 0;
}

// A number and its unit.
bool parse_measure(std::string_view text, std::int64_t (*worth_of)(std::string_view) noexcept,
                   std::int64_t least, std::int64_t most, std::int64_t& result) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) return false;
  const auto worth = worth_of(text.substr(static_cast<std::size_t>(end - text.data())));
  if (worth == 0 || value > most / worth || value * worth < least) return false;
  result = value * worth;
  return true;
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
  return parse_measure(text, worth_of_time, least, most, time);
}

bool parse_size(std::string_view text, std::int64_t least, std::int64_t most, std::int64_t& size) noexcept {
  return parse_measure(text, worth_of_size, least, most, size);
}

}  // namespace wsflow::config
