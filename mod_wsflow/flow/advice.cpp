#include "mod_wsflow/flow/advice.hpp"

#include <algorithm>
#include <cmath>

namespace wsflow::flow {

namespace {

constexpr double kLongest = 60;
constexpr std::uint32_t kLongestSpread = 120;
constexpr double kUnknown = 5;

double seconds(const Outlook& outlook) noexcept {
  if (outlook.pace > 0) return outlook.due + outlook.ahead / outlook.pace;
  return outlook.held_mean > 0 ? outlook.held_mean : kUnknown;
}

}  // namespace

std::uint32_t retry_after(const Outlook& outlook, std::uint32_t random) noexcept {
  const auto least = static_cast<std::uint32_t>(std::clamp(std::ceil(seconds(outlook)), 1.0, kLongest));
  return std::min(least + random % (least + 1), kLongestSpread);
}

}  // namespace wsflow::flow
