#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wsflow::config {

// The numbers that an operator gives to a limit: WSFlowLimit when httpd starts, the action "limit" of the
// status while it runs. What is legal in one is not always legal in the other.

enum class LimitSource : std::uint8_t { directive, action };

// What a number may be in one source, and the words that tell a user so.
struct LimitRange {
  std::string_view legal;
  int least;
  int most;
};

// A row: what a number may be in the directive, and in the action.
struct LimitNumber {
  LimitRange directive;
  LimitRange action;
};
// The directive takes "auto", too.
inline constexpr LimitNumber kConcurrency{{"a number from 1 to 1000000, or auto", 1, 1'000'000},
                                          {"a whole number from 1 to 1000000", 1, 1'000'000}};
inline constexpr LimitNumber kBurst{{"a number from 1 to 1000000", 1, 1'000'000},
                                    {"a whole number from 1 to 1000000", 1, 1'000'000}};
inline constexpr LimitNumber kQueue{{"a number from 1 to 10000", 1, 10'000},
                                    {"a whole number from 0 to 10000", 0, 10'000}};
std::optional<std::uint32_t> parse_limit_number(std::string_view text, const LimitRange& range) noexcept;

// A number with its unit, /s, /m or /h, as admissions a second. In the directive a whole number from 1 to
// 1000000; in the action any number of which the rate is from 1/h to 1000000/s, /s if it has no unit, or
// "off" for 0.
std::optional<double> parse_rate(std::string_view text, LimitSource source) noexcept;
struct LegalRate {
  std::string_view directive;
  std::string_view action;
};
inline constexpr LegalRate kLegalRate{
    "a number from 1 to 1000000 with /s, /m or /h",
    "off or a number with /s, /m or /h (/s if none), from 1/h to 1000000/s"};

}  // namespace wsflow::config
