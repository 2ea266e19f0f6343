#include "mod_wsflow/config/values.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "mod_wsflow/ws/close_code.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::config {

namespace {
struct Unit {
  std::string_view name;
  std::int64_t worth;
};
// In lower case. httpd looks no further than these letters: "min", "sec" and "hours" are legal.
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

// What a unit is worth; 0: the text is no unit.
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
std::optional<std::int64_t> parse_measure(std::string_view text,
                                          std::int64_t (*worth_of)(std::string_view) noexcept,
                                          std::int64_t least, std::int64_t most) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) return std::nullopt;
  const auto worth = worth_of(text.substr(static_cast<std::size_t>(end - text.data())));
  if (worth == 0 || value > most / worth || value * worth < least) return std::nullopt;
  return value * worth;
}
}  // namespace

std::optional<int> parse_number(std::string_view text, int least, int most) noexcept {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value >= least && value <= most ? std::optional(value) : std::nullopt;
}

std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t least,
                                       std::int64_t most) noexcept {
  return parse_measure(text, worth_of_time, least, most);
}

std::optional<std::int64_t> parse_size(std::string_view text, std::int64_t least,
                                       std::int64_t most) noexcept {
  return parse_measure(text, worth_of_size, least, most);
}

std::optional<int> parse_close_code(std::string_view text) noexcept {
  const auto code = parse_number(text, 1000, 4999);
  return code && ws::may_appear_on_wire(static_cast<std::uint16_t>(*code)) ? code : std::nullopt;
}

std::optional<bool> parse_choice(std::string_view text, std::string_view yes, std::string_view no) noexcept {
  if (ws::equals_ignoring_case(text, yes)) return true;
  return ws::equals_ignoring_case(text, no) ? std::optional(false) : std::nullopt;
}

}  // namespace wsflow::config
