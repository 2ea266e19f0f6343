#pragma once

#include <array>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "mod_wsflow/flow/control.hpp"
#include "mod_wsflow/flow/definitions.hpp"
#include "t/unit/support/flow_faults.hpp"
#include "t/unit/support/flow_table.hpp"

namespace wsflow::test {

inline flow::Definition limit(std::string_view name, flow::Settings settings, flow::Micros acquire = 0) {
  flow::Definition result{.settings = settings, .acquire = acquire};
  name.copy(result.name, flow::kNameSize - 1);
  return result;
}
inline flow::Definition keyed(flow::Definition definition, std::uint32_t keys = 100) {
  definition.keyed = true;
  definition.keys = keys;
  return definition;
}

// Limits of number 0, 1 ... and processes that use them, at a time that the test says.
class FlowRig {
 public:
  FlowRig(std::initializer_list<flow::Definition> limits, std::uint32_t thread_share = 10)
      : FlowRig(std::vector(limits), thread_share) {}
  explicit FlowRig(const std::vector<flow::Definition>& limits, std::uint32_t thread_share = 10) {
    REQUIRE(define(one, limits, 1, thread_share, now));
  }

  flow::Demand demand(std::uint32_t number, std::string_view key = {}) {
    return {number, flow::make_key(table->secret, key, true)};
  }
  flow::Answer acquire(flow::Control& control, std::vector<flow::Demand> demands,
                       flow::Waiting waiting = flow::Waiting::parked) {
    return control.acquire(demands, waiting, now);
  }
  // Holds permits of `number` until it is released.
  flow::Index hold(flow::Control& control, std::uint32_t number, std::string_view key = {}) {
    const auto answer = acquire(control, {demand(number, key)});
    REQUIRE(answer.state == flow::PermitState::held);
    return answer.permit;
  }
  flow::Index wait(flow::Control& control, std::vector<flow::Demand> demands) {
    const auto answer = acquire(control, std::move(demands));
    REQUIRE(answer.state == flow::PermitState::waiting);
    return answer.permit;
  }
  bool holds(flow::Control& control, flow::Index permit) {
    return control.state(permit) == flow::PermitState::held;
  }
  std::uint32_t in_use(std::uint32_t number) { return table->limits[number].in_use; }
  std::string faults() { return test::faults(*table, now); }

  flow::Micros now = 1000 * flow::kSecond;
  FlowTable table;
  flow::Bells bells;
  flow::Control one{*table, 1, bells};
  flow::Control two{*table, 2, bells};
};

}  // namespace wsflow::test
