#include "mod_wsflow/limits/outlook.hpp"

#include <algorithm>
#include <cmath>

namespace wsflow::limits {

namespace {

// A guess says little of a time that is farther away; a rate does.
constexpr double kLongestGuess = 60;
constexpr double kLongest = 24 * 3600;
constexpr std::uint32_t kWidest = 60;
constexpr double kUnknown = 5;

double wait(const Outlook& outlook) noexcept {
  const auto behind_others =
      outlook.pace > 0 ? outlook.ahead / outlook.pace : std::max(outlook.so_far, kUnknown);
  return outlook.known ? outlook.due + behind_others : std::min(behind_others, kLongestGuess);
}

}  // namespace

const Outlook& longer(const Outlook& one, const Outlook& other) noexcept {
  return wait(one) < wait(other) ? other : one;
}

std::uint32_t retry_after(const Outlook& outlook, std::uint32_t random) noexcept {
  const auto least = static_cast<std::uint32_t>(std::clamp(std::ceil(wait(outlook)), 1.0, kLongest));
  return least + random % (std::min(least, kWidest) + 1);
}

}  // namespace wsflow::limits
