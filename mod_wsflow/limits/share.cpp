#include "mod_wsflow/limits/share.hpp"

#include <algorithm>
#include <ctime>

namespace wsflow::limits {

namespace {

// The pace of a node without a share: of a limit with permits, the part of the rate that its floor is of the
// permits; else the floor, a second.
Gcra floor_pace(const LimitDefinition& definition, const LimitSettings& now) noexcept {
  const double floor = definition.floor;
  return {.rate = now.concurrency != 0 ? now.rate * std::min(floor / now.concurrency, 1.0)
                                       : std::min(floor, now.rate),
          .burst = 1};
}

}  // namespace

Micros boot_time() noexcept {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * kSecond + now.tv_nsec / 1000;
}

bool is_shared(const LimitDefinition& definition) noexcept {
  return definition.cluster[0] != '\0';
}

bool shares_keys(const LimitDefinition& definition) noexcept {
  return definition.keyed && is_shared(definition);
}

Usable usable(const LimitDefinition& definition, const LimitSettings& now, const Leased& leased) noexcept {
  Usable result{.permits = leased.permits, .pace = {.rate = 0, .burst = 0}, .by_floor = leased.by_floor};
  if (leased.by_floor) result.permits = std::max(result.permits, definition.floor);
  result.permits = std::min(result.permits, now.concurrency);
  if (leased.units != 0) {
    result.pace = {.rate = leased.unit_rate * leased.units, .burst = leased.units};
  } else if (leased.by_floor) {
    result.pace = floor_pace(definition, now);
  }
  return result;
}

Usable usable(const LimitDefinition& definition, const LimitSettings& now, const Share& share,
              Micros boot) noexcept {
  const bool leased = boot < share.until;
  return usable(definition, now,
                {.permits = leased ? share.permits : 0,
                 .units = leased ? share.units : 0,
                 .unit_rate = share.unit_rate,
                 .by_floor = !leased || share.settling != 0});
}

}  // namespace wsflow::limits
