#include "mod_wsflow/limits/definitions.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "mod_wsflow/limits/lock.hpp"
#include "t/unit/support/limits_faults.hpp"
#include "t/unit/support/limits_table.hpp"

using namespace wsflow;
using namespace wsflow::limits;

namespace {

constexpr Micros kNow = 1'000'000'000;

LimitDefinition limit(std::string_view name, std::uint32_t concurrency) {
  LimitDefinition definition;
  name.copy(definition.name, kNameSize - 1);
  definition.settings.concurrency = concurrency;
  return definition;
}

// The number of a limit that is configured.
LimitNumber find(const Limiter& limiter, std::string_view name) {
  for (std::uint32_t i = 0; i < kLimits; ++i) {
    const auto& limit = limiter.table().limits[i];
    if (limit.used == LimitRecord::kConfigured && name == limit.defined.name) return LimitNumber::of(i);
  }
  return {};
}

// A table as a process sees it.
struct Rig {
  bool define(const std::vector<LimitDefinition>& definitions, Micros now = kNow,
              Arrival arrival = Arrival::steady) {
    places.resize(definitions.size());
    return limits::define(limiter, definitions, ++generation, arrival, 5, now, places);
  }
  const LimitRecord& at(std::string_view name) { return (*table)[found(name)]; }
  LimitNumber found(std::string_view name) {
    const auto number = find(limiter, name);
    REQUIRE(number);
    return number;
  }
  Answer acquire(std::string_view name, Waiting waiting = Waiting::never) {
    const auto number = found(name);
    const Demand demand{.limit = number, .key = {}, .serial = (*table)[number].serial};
    return limiter.acquire({&demand, 1}, waiting, kNow);
  }

  test::LimitsTable table;
  SlotWakeups wakeups;
  Limiter limiter{*table, 3, wakeups};
  std::uint32_t generation = 0;
  std::vector<LimitHandle> places;  // of the last configuration
};

std::vector<LimitDefinition> many(const std::string& prefix, std::size_t count) {
  std::vector<LimitDefinition> definitions;
  for (std::size_t i = 0; i < count; ++i) definitions.push_back(limit(prefix + std::to_string(i), 1));
  return definitions;
}

}  // namespace

TEST_CASE("limits are found by their names", "[limits][definitions]") {
  Rig rig;
  CHECK_FALSE(find(rig.limiter, "a"));
  REQUIRE(rig.define({limit("a", 5), limit("b", 7)}));
  CHECK(rig.at("a").now.concurrency == 5);
  CHECK(rig.at("b").now.concurrency == 7);
  CHECK(find(rig.limiter, "a") != find(rig.limiter, "b"));
  CHECK_FALSE(find(rig.limiter, ""));
  CHECK_FALSE(find(rig.limiter, "c"));
  CHECK(rig.table->defined_by == 2);
  CHECK(rig.table->thread_share == 5);
}

TEST_CASE("an operator's change lasts until the configuration's own value changes", "[limits][definitions]") {
  Rig rig;
  REQUIRE(rig.define({limit("a", 5)}));
  REQUIRE(change(rig.limiter, "a", {.concurrency = 9, .queue = {}, .rate = 2.5, .burst = {}}, kNow));
  CHECK(rig.at("a").now == LimitSettings{.concurrency = 9, .queue = 0, .rate = 2.5, .burst = 1});
  auto next = limit("a", 5);
  next.keys = 77;
  REQUIRE(rig.define({next}, kNow + 1));
  CHECK(rig.at("a").now.concurrency == 9);
  CHECK(rig.at("a").defined.keys == 77);
  CHECK(rig.at("a").ramp_started == kNow);
  next.settings.queue = 3;
  REQUIRE(rig.define({next}));
  CHECK(rig.at("a").now == next.settings);
  CHECK_FALSE(change(rig.limiter, "b", {.concurrency = 1, .queue = {}, .rate = {}, .burst = {}}, kNow));
}

TEST_CASE("what concurrency=auto has learnt stays, within its bounds", "[limits][definitions]") {
  Rig rig;
  auto adapting = limit("a", 20);
  adapting.least = 10;
  adapting.most = 100;
  REQUIRE(rig.define({adapting}));
  CHECK(rig.at("a").now.concurrency == 20);
  REQUIRE(change(rig.limiter, "a", {.concurrency = 60, .queue = {}, .rate = {}, .burst = {}}, kNow));
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

TEST_CASE("a ramp begins with its limit, not with a reload", "[limits][definitions]") {
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
  REQUIRE(rig.define({limit("a", 5), limit("b", 5)}, kNow + 40, Arrival::herd));
  CHECK(rig.at("a").ramp_started == kNow + 40);
  CHECK(rig.at("b").ramp_started == kNow + 40);
}

TEST_CASE("a limit that is not configured any more goes with its last permit", "[limits][definitions]") {
  Rig rig;
  REQUIRE(rig.define({limit("a", 5), limit("b", 5)}));
  const auto number = rig.found("a");
  const auto held = rig.acquire("a");
  REQUIRE(held.state == PermitState::held);
  REQUIRE(rig.define({limit("b", 5), limit("c", 5)}));
  CHECK_FALSE(find(rig.limiter, "a"));
  CHECK((*rig.table)[number].used == LimitRecord::kRetired);
  CHECK(find(rig.limiter, "c") != number);
  SECTION("it comes back with what is still in use") {
    REQUIRE(rig.define({limit("a", 1)}));
    CHECK(find(rig.limiter, "a") == number);
    CHECK(rig.acquire("a").state == PermitState::free);
    rig.limiter.release(held.permit, kNow);
    CHECK(rig.acquire("a").state == PermitState::held);
  }
  SECTION("it goes") {
    rig.limiter.release(held.permit, kNow);
    REQUIRE(rig.define({}));
    for (const auto& each : rig.table->limits) REQUIRE(each.used == LimitRecord::kFree);
    CHECK(rig.table->entries_seen == 1);
    CHECK_FALSE(rig.table->entries[0].limit);
    REQUIRE(rig.define({limit("d", 1)}));
    CHECK(rig.at("d").admitted == 0);
    CHECK(rig.acquire("d").state == PermitState::held);
    CHECK(rig.acquire("d").state == PermitState::free);
  }
}

TEST_CASE("a number is not given to another limit at once", "[limits][definitions]") {
  Rig rig;
  REQUIRE(rig.define({limit("a", 5)}));
  const auto number = find(rig.limiter, "a");
  REQUIRE(rig.define({limit("b", 5)}));
  CHECK(find(rig.limiter, "b") != number);
}

TEST_CASE("one process of each generation puts the limits into force", "[limits][definitions]") {
  Rig rig;
  REQUIRE(rig.define({limit("a", 5), limit("b", 7)}));
  const auto places = rig.places;
  CHECK(places[0].number == find(rig.limiter, "a"));
  CHECK(places[1].number == find(rig.limiter, "b"));
  CHECK(places[0].serial != places[1].serial);
  Limiter other(*rig.table, 4, rig.wakeups);
  std::vector<LimitHandle> theirs(2);
  const auto define = [&](std::uint32_t generation, std::uint32_t concurrency) {
    const std::vector<LimitDefinition> definitions{limit("a", concurrency), limit("new", 1)};
    return limits::define(other, definitions, generation, Arrival::steady, 5, kNow + 1, theirs);
  };
  SECTION("the next process of the same one finds them") {
    REQUIRE(define(1, 9));
    CHECK(rig.at("a").now.concurrency == 5);
    CHECK(theirs[0].number == places[0].number);
    CHECK(theirs[0].serial == places[0].serial);
    CHECK_FALSE(theirs[1].number);
  }
  SECTION("one of an older generation that comes late changes nothing") {
    REQUIRE(define(0, 9));
    CHECK(rig.at("a").now.concurrency == 5);
    CHECK_FALSE(find(rig.limiter, "new"));
  }
  SECTION("one of the next generation does") {
    REQUIRE(define(2, 9));
    CHECK(rig.at("a").now.concurrency == 9);
    CHECK(theirs[1].number == find(rig.limiter, "new"));
    CHECK_FALSE(find(rig.limiter, "b"));
  }
}

TEST_CASE("a limit that has no place lets nothing pass", "[limits][definitions]") {
  Rig rig;
  REQUIRE(rig.define({limit("a", 5)}));
  const Demand demands[] = {{.limit = rig.found("a"), .key = {}}, {.limit = {}, .key = {}}};
  const auto answer = rig.limiter.acquire(demands, Waiting::parked, kNow);
  CHECK(answer.state == PermitState::free);
  CHECK_FALSE(answer.refused.limit);
  CHECK(answer.refused.reason == LimitReason::unavailable);
  CHECK(rig.at("a").in_use == 0);
}

TEST_CASE("whatever many limits are renamed while they are held, there is room", "[limits][definitions]") {
  Rig rig;
  std::vector<PermitRef> held;
  for (int round = 0; round < 6; ++round) {
    const auto definitions = many("r" + std::to_string(round) + "-", kConfigurable);
    REQUIRE(rig.define(definitions));
    for (const auto& place : rig.places) {
      REQUIRE(place.number);
      const Demand demand{.limit = place.number, .key = {}, .serial = place.serial};
      const auto answer = rig.limiter.acquire({&demand, 1}, Waiting::never, kNow);
      REQUIRE(answer.state == PermitState::held);
      held.push_back(answer.permit);
      // Its one permit is taken.
      CHECK(rig.limiter.acquire({&demand, 1}, Waiting::never, kNow).state == PermitState::free);
    }
    REQUIRE(test::faults(*rig.table, kNow) == "");
  }
  std::uint32_t in_use = 0;
  for (const auto& each : rig.table->limits) in_use += each.in_use;
  CHECK(in_use == held.size());
  CHECK((*rig.table)[kBuried].in_use == 4 * kConfigurable);
  for (const auto permit : held) rig.limiter.release(permit, kNow);
  CHECK(test::faults(*rig.table, kNow) == "");
  CHECK(test::is_unused(*rig.table));
  REQUIRE(rig.define({limit("a", 1)}));
  CHECK((*rig.table)[kBuried].used == LimitRecord::kFree);
}

TEST_CASE("a limit that somebody waits for keeps its number", "[limits][definitions]") {
  Rig rig;
  auto awaited = limit("awaited", 1);
  awaited.settings.queue = 1;
  awaited.acquire = 1'000'000;
  REQUIRE(rig.define({awaited}));
  const auto number = rig.found("awaited");
  const auto first = rig.acquire("awaited");
  const auto second = rig.acquire("awaited", Waiting::parked);
  REQUIRE(second.state == PermitState::waiting);
  for (int round = 0; round < 4; ++round) {
    REQUIRE(rig.define(many("r" + std::to_string(round) + "-", kConfigurable)));
    for (const auto& place : rig.places) {
      const Demand demand{.limit = place.number, .key = {}, .serial = place.serial};
      REQUIRE(rig.limiter.acquire({&demand, 1}, Waiting::never, kNow).state == PermitState::held);
    }
  }
  CHECK(std::string_view((*rig.table)[number].defined.name) == "awaited");
  rig.limiter.release(first.permit, kNow);
  CHECK(rig.limiter.state(second.permit) == PermitState::held);
  CHECK(test::faults(*rig.table, kNow) == "");
}

TEST_CASE("who knows a limit that has gone does not count in the one that has its number",
          "[limits][definitions]") {
  Rig rig;
  REQUIRE(rig.define({limit("a", 1)}));
  const auto old = rig.places[0];
  for (std::size_t i = 0; i <= 2 * kLimits; ++i) REQUIRE(rig.define({limit("b" + std::to_string(i), 1)}));
  REQUIRE(rig.define(many("c", kLimits)));
  CHECK((*rig.table)[old.number].used == LimitRecord::kConfigured);
  const Demand demand{.limit = old.number, .key = {}, .serial = old.serial};
  const auto answer = rig.limiter.acquire({&demand, 1}, Waiting::never, kNow);
  CHECK(answer.state == PermitState::held);
  CHECK_FALSE(answer.permit);
  CHECK((*rig.table)[old.number].in_use == 0);
}

TEST_CASE("who gets no lock learns no places", "[limits][definitions]") {
  Rig rig;
  const Lock lock(*rig.table, rig.wakeups, 0);
  CHECK_FALSE(rig.define({limit("a", 1)}));
  CHECK(rig.table->defined_by == 0);
}

TEST_CASE("waiters get what a change or a new configuration makes free", "[limits][definitions]") {
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
  REQUIRE(change(rig.limiter, "a", {.concurrency = 2, .queue = {}, .rate = {}, .burst = {}}, kNow));
  CHECK(rig.limiter.state(first.permit) == PermitState::held);
  CHECK(rig.limiter.state(second.permit) == PermitState::waiting);
  narrow.settings.concurrency = 3;
  REQUIRE(rig.define({narrow}));
  CHECK(rig.limiter.state(second.permit) == PermitState::held);
}

TEST_CASE("a limit that goes stays as long as a waiter for another one needs it", "[limits][definitions]") {
  Rig rig;
  auto scarce = limit("scarce", 1);
  scarce.settings.queue = 5;
  scarce.acquire = 1'000'000;
  REQUIRE(rig.define({limit("plenty", 5), scarce}));
  const auto held = rig.acquire("scarce");
  const std::array<Demand, 2> both{Demand{.limit = rig.found("plenty"), .key = {}},
                                   Demand{.limit = rig.found("scarce"), .key = {}}};
  const auto waits = rig.limiter.acquire(both, Waiting::parked, kNow);
  REQUIRE(waits.state == PermitState::waiting);
  const auto& plenty = rig.at("plenty");
  REQUIRE(rig.define({scarce}));
  CHECK(plenty.used == LimitRecord::kRetired);
  rig.limiter.release(held.permit, kNow);
  CHECK(rig.limiter.state(waits.permit) == PermitState::held);
  CHECK(plenty.in_use == 1);
  rig.limiter.release(waits.permit, kNow);
  CHECK(plenty.in_use == 0);
  REQUIRE(rig.define({scarce}));
  CHECK(plenty.used == LimitRecord::kFree);
}
