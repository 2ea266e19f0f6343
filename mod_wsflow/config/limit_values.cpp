#include "mod_wsflow/config/limit_values.hpp"

#include <algorithm>
#include <charconv>

#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::config {

namespace {

static_assert(kConcurrency.directive.most == limits::kMost && kConcurrency.action.most == limits::kMost);
static_assert(kBurst.directive.most == limits::kMost && kBurst.action.most == limits::kMost);
static_assert(kQueue.directive.most == limits::kMostWaiting && kQueue.action.most == limits::kMostWaiting);

// In seconds; 0: the text is no unit.
double unit_of_rate(std::string_view text, LimitSource source) noexcept {
  if (text == "/s") return 1;
  if (text == "/m") return 60;
  if (text == "/h") return 3600;
  return text.empty() && source == LimitSource::action ? 1 : 0;
}

std::optional<double> parse_decimal(std::string_view text) noexcept {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  return result.ec == std::errc{} && result.ptr == end ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> parse_limit_number(std::string_view text, const LimitRange& range) noexcept {
  const auto number = parse_number(text, range.least, range.most);
  return number ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

std::optional<double> parse_rate(std::string_view text, LimitSource source) noexcept {
  constexpr double kLeast = 1.0 / 3600;
  if (source == LimitSource::action && text == "off") return 0.0;
  const auto slash = std::min(text.find('/'), text.size());
  const auto unit = unit_of_rate(text.substr(slash), source);
  if (unit == 0) return std::nullopt;
  const auto digits = text.substr(0, slash);
  if (source == LimitSource::directive) {
    const auto number = parse_number(digits, 1, static_cast<int>(limits::kMost));
    return number ? std::optional(*number / unit) : std::nullopt;
  }
  const auto number = parse_decimal(digits);
  const auto rate = number.value_or(0) / unit;
  return number && rate >= kLeast && rate <= limits::kMost ? std::optional(rate) : std::nullopt;
}

}  // namespace wsflow::config
