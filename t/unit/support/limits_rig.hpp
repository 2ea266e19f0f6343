#pragma once

#include <array>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "mod_wsflow/limits/definitions.hpp"
#include "mod_wsflow/limits/limiter.hpp"
#include "t/unit/support/limits_faults.hpp"
#include "t/unit/support/limits_table.hpp"

namespace wsflow::test {

inline limits::LimitDefinition limit(std::string_view name, limits::LimitSettings settings,
                                     limits::Micros acquire = 0) {
  limits::LimitDefinition result{.settings = settings, .acquire = acquire};
  name.copy(result.name, limits::kNameSize - 1);
  return result;
}
inline limits::LimitDefinition keyed(limits::LimitDefinition definition, std::uint32_t keys = 100) {
  definition.keyed = true;
  definition.keys = keys;
  return definition;
}

// Limits of number 0, 1 ... and processes that use them, at a time that the test says.
class LimitsRig {
 public:
  LimitsRig(std::initializer_list<limits::LimitDefinition> limits, std::uint32_t thread_share = 10)
      : LimitsRig(std::vector(limits), thread_share) {}
  explicit LimitsRig(const std::vector<limits::LimitDefinition>& limits, std::uint32_t thread_share = 10) {
    REQUIRE(define(one, limits, 1, thread_share, now));
  }

  limits::Demand demand(std::uint32_t number, std::string_view key = {}) {
    return {.limit = limits::LimitNumber::of(number), .key = limits::make_key(table->secret, key, true)};
  }
  limits::Answer acquire(limits::Limiter& limiter, std::vector<limits::Demand> demands,
                         limits::Waiting waiting = limits::Waiting::parked) {
    return limiter.acquire(demands, waiting, now);
  }
  // Holds permits of `number` until it is released.
  limits::PermitRef hold(limits::Limiter& limiter, std::uint32_t number, std::string_view key = {}) {
    const auto answer = acquire(limiter, {demand(number, key)});
    REQUIRE(answer.state == limits::PermitState::held);
    return answer.permit;
  }
  limits::PermitRef wait(limits::Limiter& limiter, std::vector<limits::Demand> demands) {
    const auto answer = acquire(limiter, std::move(demands));
    REQUIRE(answer.state == limits::PermitState::waiting);
    return answer.permit;
  }
  bool holds(limits::Limiter& limiter, limits::PermitRef permit) {
    return limiter.state(permit) == limits::PermitState::held;
  }
  std::uint32_t in_use(std::uint32_t number) { return table->limits[number].in_use; }
  std::string faults() { return test::faults(*table, now); }

  limits::Micros now = 1000 * limits::kSecond;
  LimitsTable table;
  limits::SlotWakeups wakeups;
  limits::Limiter one{*table, 1, wakeups};
  limits::Limiter two{*table, 2, wakeups};
};

}  // namespace wsflow::test
