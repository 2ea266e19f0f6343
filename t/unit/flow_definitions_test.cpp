#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "mod_wsflow/flow/definitions.hpp"
#include "t/unit/support/flow_table.hpp"

using namespace wsflow;
using namespace wsflow::flow;

namespace {

constexpr Micros kNow = 1'000'000'000;

Definition limit(std::string_view name, std::uint32_t concurrency) {
  Definition definition;
  name.copy(definition.name, kNameSize - 1);
  definition.settings.concurrency = concurrency;
  return definition;
}

// A table as a process sees it.
struct Rig {
  bool define(const std::vector<Definition>& definitions, Micros now = kNow) {
    return flow::define(control, definitions, ++generation, 5, now, wrong);
  }
  const Limit& at(std::string_view name) { return table->limits[find(control, name).value()]; }
  Answer acquire(std::string_view name, Waiting waiting = Waiting::never) {
    const Demand demand{.limit = find(control, name).value(), .key = {}};
    return control.acquire({&demand, 1}, waiting, kNow);
  }

  test::FlowTable table;
  Bells bells;
  Control control{*table, 3, bells};
  std::uint32_t generation = 0;
  std::string_view wrong;
};

}  // namespace

TEST_CASE("limits are found by their names", "[flow][definitions]") {
  Rig rig;
  CHECK_FALSE(find(rig.control, "a"));
  REQUIRE(rig.define({limit("a", 5), limit("b", 7)}));
  CHECK(rig.at("a").now.concurrency == 5);
  CHECK(rig.at("b").now.concurrency == 7);
  CHECK(find(rig.control, "a") != find(rig.control, "b"));
  CHECK_FALSE(find(rig.control, ""));
  CHECK_FALSE(find(rig.control, "c"));
  CHECK(rig.table->generation == 1);
  CHECK(rig.table->thread_share == 5);
}

TEST_CASE("an operator's change lasts until the configuration's own value changes", "[flow][definitions]") {
  Rig rig;
  REQUIRE(rig.define({limit("a", 5)}));
  REQUIRE(change(rig.control, "a", {.concurrency = 9, .queue = {}, .rate = 2.5, .burst = {}}, kNow));
  CHECK(rig.at("a").now == Settings{.concurrency = 9, .queue = 0, .rate = 2.5, .burst = 1});
  auto next = limit("a", 5);
  next.keys = 77;
  REQUIRE(rig.define({next}, kNow + 1));
  CHECK(rig.at("a").now.concurrency == 9);
  CHECK(rig.at("a").defined.keys == 77);
  CHECK(rig.at("a").ramp_started == kNow);
  next.settings.queue = 3;
  REQUIRE(rig.define({next}));
  CHECK(rig.at("a").now == next.settings);
  CHECK_FALSE(change(rig.control, "b", {.concurrency = 1, .queue = {}, .rate = {}, .burst = {}}, kNow));
}

TEST_CASE("what concurrency=auto has learnt stays, within its bounds", "[flow][definitions]") {
  Rig rig;
  auto adapting = limit("a", 20);
  adapting.least = 10;
  adapting.most = 100;
  REQUIRE(rig.define({adapting}));
  CHECK(rig.at("a").now.concurrency == 20);
  REQUIRE(change(rig.control, "a", {.concurrency = 60, .queue = {}, .rate = {}, .burst = {}}, kNow));
  adapting.settings.concurrency = 30;
  adapting.settings.queue = 4;
  REQUIRE(rig.define({adapting}));
  CHECK(rig.at("a").now.concurrency == 60);
  CHECK(rig.at("a").now.queue == 4);
  adapting.most = 40;
  REQUIRE(rig.define({adapting}));
  CHECK(rig.at("a").now.concurrency == 40);
  auto fixed = adapting;
  fixed.least = fixed.most = 0;
  REQUIRE(rig.define({fixed}));
  CHECK(rig.at("a").now.concurrency == 30);
  REQUIRE(rig.define({adapting}));
  CHECK(rig.at("a").now.concurrency == 30);
}

TEST_CASE("a ramp begins with its limit, not with a reload", "[flow][definitions]") {
  Rig rig;
  REQUIRE(rig.define({limit("a", 5)}));
  REQUIRE(rig.define({limit("a", 6), limit("b", 5)}, kNow + 10));
  CHECK(rig.at("a").ramp_started == kNow);
  CHECK(rig.at("b").ramp_started == kNow + 10);
  // Gone, and kept by a permit; then there again.
  REQUIRE(rig.acquire("a").state == PermitState::held);
  REQUIRE(rig.define({limit("b", 5)}, kNow + 20));
  REQUIRE(rig.define({limit("a", 5), limit("b", 5)}, kNow + 30));
  CHECK(rig.at("a").ramp_started == kNow + 30);
  CHECK(rig.at("b").ramp_started == kNow + 10);
  REQUIRE(begin_ramps(rig.control, kNow + 40));
  CHECK(rig.at("a").ramp_started == kNow + 40);
  CHECK(rig.at("b").ramp_started == kNow + 40);
}

TEST_CASE("a limit that is not configured any more goes with its last permit", "[flow][definitions]") {
  Rig rig;
  REQUIRE(rig.define({limit("a", 5), limit("b", 5)}));
  const auto number = find(rig.control, "a").value();
  const auto held = rig.acquire("a");
  REQUIRE(held.state == PermitState::held);
  REQUIRE(rig.define({limit("b", 5), limit("c", 5)}));
  CHECK_FALSE(find(rig.control, "a"));
  CHECK(rig.table->limits[number].used == Limit::kRetired);
  CHECK(find(rig.control, "c") != number);
  SECTION("it comes back with what is still in use") {
    REQUIRE(rig.define({limit("a", 1)}));
    CHECK(find(rig.control, "a") == number);
    CHECK(rig.acquire("a").state == PermitState::free);
    rig.control.release(held.permit, kNow);
    CHECK(rig.acquire("a").state == PermitState::held);
  }
  SECTION("it goes") {
    rig.control.release(held.permit, kNow);
    REQUIRE(rig.define({}));
    for (const auto& each : rig.table->limits) REQUIRE(each.used == Limit::kFree);
    CHECK(rig.table->entries_seen == 1);
    CHECK(rig.table->entries[0].limit == 0);
    REQUIRE(rig.define({limit("d", 1)}));
    CHECK(rig.at("d").admitted == 0);
    CHECK(rig.acquire("d").state == PermitState::held);
    CHECK(rig.acquire("d").state == PermitState::free);
  }
}

TEST_CASE("a number is not given to another limit at once", "[flow][definitions]") {
  Rig rig;
  REQUIRE(rig.define({limit("a", 5)}));
  const auto number = find(rig.control, "a");
  REQUIRE(rig.define({limit("b", 5)}));
  CHECK(find(rig.control, "b") != number);
}

TEST_CASE("more limits than there is room for are refused by name", "[flow][definitions]") {
  Rig rig;
  std::vector<Definition> definitions;
  for (std::size_t i = 0; i < kLimits; ++i) definitions.push_back(limit("l" + std::to_string(i), 1));
  REQUIRE(rig.define(definitions));
  // All the others' numbers are free for it, but the one that is in use.
  REQUIRE(rig.acquire("l7").state == PermitState::held);
  for (auto& each : definitions) each = limit(std::string("new ") + each.name, 1);
  CHECK_FALSE(rig.define(definitions));
  CHECK(rig.wrong == definitions.back().name);
  definitions.pop_back();
  CHECK(rig.define(definitions));
}

TEST_CASE("waiters get what a change or a new configuration makes free", "[flow][definitions]") {
  Rig rig;
  auto narrow = limit("a", 1);
  narrow.settings.queue = 2;
  narrow.acquire = 1'000'000;
  REQUIRE(rig.define({narrow}));
  REQUIRE(rig.acquire("a").state == PermitState::held);
  const auto first = rig.acquire("a", Waiting::parked);
  const auto second = rig.acquire("a", Waiting::parked);
  REQUIRE(first.state == PermitState::waiting);
  REQUIRE(second.state == PermitState::waiting);
  REQUIRE(change(rig.control, "a", {.concurrency = 2, .queue = {}, .rate = {}, .burst = {}}, kNow));
  CHECK(rig.control.state(first.permit) == PermitState::held);
  CHECK(rig.control.state(second.permit) == PermitState::waiting);
  narrow.settings.concurrency = 3;
  REQUIRE(rig.define({narrow}));
  CHECK(rig.control.state(second.permit) == PermitState::held);
}

TEST_CASE("a limit that goes stays as long as a waiter for another one needs it", "[flow][definitions]") {
  Rig rig;
  auto scarce = limit("scarce", 1);
  scarce.settings.queue = 5;
  scarce.acquire = 1'000'000;
  REQUIRE(rig.define({limit("plenty", 5), scarce}));
  const auto held = rig.acquire("scarce");
  const std::array<Demand, 2> both{Demand{.limit = find(rig.control, "plenty").value(), .key = {}},
                                   Demand{.limit = find(rig.control, "scarce").value(), .key = {}}};
  const auto waits = rig.control.acquire(both, Waiting::parked, kNow);
  REQUIRE(waits.state == PermitState::waiting);
  const auto& plenty = rig.at("plenty");
  REQUIRE(rig.define({scarce}));
  CHECK(plenty.used == Limit::kRetired);
  rig.control.release(held.permit, kNow);
  CHECK(rig.control.state(waits.permit) == PermitState::held);
  CHECK(plenty.in_use == 1);
  rig.control.release(waits.permit, kNow);
  CHECK(plenty.in_use == 0);
  REQUIRE(rig.define({scarce}));
  CHECK(plenty.used == Limit::kFree);
}
