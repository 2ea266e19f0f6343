#include "mod_wsflow/limits/outlook.hpp"
#include "t/unit/support/limits_rig.hpp"

using namespace wsflow;
using limits::kSecond;
using limits::LimitNumber;
using limits::LimitReason;
using limits::PermitState;
using limits::Waiting;
using test::keyed;
using test::limit;

TEST_CASE("a permit of every limit or of none", "[limits]") {
  test::LimitsRig rig{limit("a", {.concurrency = 2}), limit("b", {.concurrency = 1})};
  const auto a = rig.demand(0);
  const auto b = rig.demand(1);
  const auto both = rig.acquire(rig.one, {a, b});
  REQUIRE(both.state == PermitState::held);
  CHECK(rig.in_use(0) == 1);
  CHECK(rig.in_use(1) == 1);
  const auto refused = rig.acquire(rig.two, {a, b});
  CHECK(refused.state == PermitState::free);
  CHECK(refused.refused.limit == LimitNumber::of(1));
  CHECK(refused.refused.reason == LimitReason::concurrency);
  CHECK(rig.in_use(0) == 1);
  // A limit that applies twice takes one permit.
  const auto twice = rig.acquire(rig.two, {a, a});
  REQUIRE(twice.state == PermitState::held);
  CHECK(rig.in_use(0) == 2);
  CHECK(rig.faults() == "");
  rig.one.release(both.permit, rig.now);
  rig.one.release(both.permit, rig.now);
  rig.two.release(twice.permit, rig.now);
  CHECK(test::is_unused(*rig.table));
  CHECK(rig.faults() == "");
}

TEST_CASE("a request that nothing limits holds nothing", "[limits]") {
  test::LimitsRig rig{limit("a", {.concurrency = 1})};
  const auto none = rig.acquire(rig.one, {});
  CHECK(none.state == PermitState::held);
  CHECK_FALSE(none.permit);
  const auto unknown = rig.acquire(rig.one, {rig.demand(77), rig.demand(78)});
  CHECK(unknown.state == PermitState::held);
  CHECK_FALSE(unknown.permit);
  rig.one.release({}, rig.now);
  CHECK(rig.faults() == "");
}

TEST_CASE("each key has a count of its own, and only what is zero is forgotten", "[limits]") {
  auto definition = keyed(limit("a", {.concurrency = 1}), 2);
  SECTION("a key without room is refused") {
    test::LimitsRig rig{definition};
    const auto x = rig.hold(rig.one, 0, "x");
    const auto y = rig.hold(rig.one, 0, "y");
    CHECK(rig.acquire(rig.one, {rig.demand(0, "x")}).refused.reason == LimitReason::concurrency);
    CHECK(rig.acquire(rig.one, {rig.demand(0, "z")}).refused.reason == LimitReason::keys_full);
    rig.one.release(x, rig.now);
    const auto z = rig.hold(rig.one, 0, "z");
    CHECK(rig.table->limits[0].keys == 2);
    CHECK(rig.acquire(rig.one, {rig.demand(0, "y")}).refused.reason == LimitReason::concurrency);
    CHECK(rig.faults() == "");
    rig.one.release(y, rig.now);
    rig.one.release(z, rig.now);
    CHECK(test::is_unused(*rig.table));
  }
  SECTION("or not limited") {
    definition.fail_open = true;
    test::LimitsRig rig{definition};
    rig.hold(rig.one, 0, "x");
    rig.hold(rig.one, 0, "y");
    const auto z = rig.acquire(rig.one, {rig.demand(0, "z")});
    CHECK(z.state == PermitState::held);
    CHECK_FALSE(z.permit);
    CHECK(rig.table->limits[0].keys_ignored == 1);
  }
  SECTION("a key that is still on its burst is not forgotten") {
    definition.settings.rate = 1;
    test::LimitsRig rig{definition};
    for (const auto* key : {"x", "y"}) rig.one.release(rig.hold(rig.one, 0, key), rig.now);
    CHECK(rig.acquire(rig.one, {rig.demand(0, "z")}).refused.reason == LimitReason::keys_full);
    rig.now += kSecond;
    rig.hold(rig.one, 0, "z");
    CHECK(rig.faults() == "");
  }
}

TEST_CASE("the rate lets a burst pass, then one after another", "[limits]") {
  test::LimitsRig rig{limit("a", {.rate = 10, .burst = 3})};
  for (int i = 0; i < 3; ++i) rig.one.release(rig.hold(rig.one, 0), rig.now);
  const auto refused = rig.acquire(rig.one, {rig.demand(0)});
  CHECK(refused.state == PermitState::free);
  CHECK(refused.refused.reason == LimitReason::rate);
  CHECK(refused.refused.retry_after <= 2);
  rig.now += kSecond / 10;
  rig.hold(rig.one, 0);
  CHECK(rig.acquire(rig.one, {rig.demand(0)}).state == PermitState::free);
  CHECK(rig.faults() == "");
}

TEST_CASE("a rate that was raised counts at once, for those in debt too", "[limits]") {
  constexpr double kSlow = 1.0 / 60;
  test::LimitsRig rig{test::keyed(limit("a", {.rate = kSlow, .burst = 4})),
                      limit("b", {.rate = kSlow, .burst = 1})};
  const auto admitted = [&rig](std::uint32_t number, std::string_view key) {
    const auto answer = rig.acquire(rig.one, {rig.demand(number, key)});
    rig.one.release(answer.permit, rig.now);
    return answer.state == PermitState::held;
  };
  for (int i = 0; i < 4; ++i) REQUIRE(admitted(0, "all"));
  for (int i = 0; i < 2; ++i) REQUIRE(admitted(0, "half"));
  REQUIRE(admitted(1, ""));
  REQUIRE_FALSE(admitted(0, "all"));
  REQUIRE_FALSE(admitted(1, ""));
  SECTION("by an operator") {
    REQUIRE(limits::change(rig.one, "a", {.concurrency = {}, .queue = {}, .rate = 10, .burst = {}}, rig.now));
    REQUIRE(limits::change(rig.one, "b", {.concurrency = {}, .queue = {}, .rate = 10, .burst = {}}, rig.now));
  }
  SECTION("by a reload") {
    const std::vector<limits::LimitDefinition> definitions{test::keyed(limit("a", {.rate = 10, .burst = 4})),
                                                           limit("b", {.rate = 10, .burst = 1})};
    REQUIRE(test::define(rig.one, definitions, 2, 10, rig.now));
  }
  // What is owed is so many admissions, at whatever rate, but one.
  CHECK(admitted(0, "all"));
  CHECK_FALSE(admitted(0, "all"));
  for (int i = 0; i < 3; ++i) CHECK(admitted(0, "half"));
  CHECK_FALSE(admitted(0, "half"));
  CHECK(admitted(1, ""));
  CHECK_FALSE(admitted(1, ""));
  rig.now += kSecond / 10;
  CHECK(admitted(0, "all"));
  CHECK_FALSE(admitted(0, "all"));
  CHECK(admitted(1, ""));
  CHECK_FALSE(admitted(1, ""));
  // Lowered: who owes a tenth of a second does not owe minutes.
  REQUIRE(
      limits::change(rig.one, "b", {.concurrency = {}, .queue = {}, .rate = kSlow, .burst = {}}, rig.now));
  rig.now += kSecond / 10;
  CHECK(admitted(1, ""));
  // No rate, and another one: nothing is owed.
  REQUIRE(limits::change(rig.one, "b", {.concurrency = {}, .queue = {}, .rate = 0, .burst = {}}, rig.now));
  REQUIRE(
      limits::change(rig.one, "b", {.concurrency = {}, .queue = {}, .rate = kSlow, .burst = {}}, rig.now));
  CHECK(admitted(1, ""));
  CHECK(rig.faults() == "");
}

TEST_CASE("when a ramp is over, what its beginning left owing is forgotten", "[limits]") {
  auto definition = limit("a", {.rate = 1, .burst = 10});
  definition.ramp = 10 * kSecond;
  test::LimitsRig rig{definition};
  for (int i = 0; i < 10; ++i) rig.one.release(rig.hold(rig.one, 0), rig.now);
  // A hundred seconds' worth of the first tenth.
  rig.now += 9 * kSecond;
  CHECK(rig.acquire(rig.one, {rig.demand(0)}).state == PermitState::free);
  rig.now += 2 * kSecond;
  rig.one.release(rig.hold(rig.one, 0), rig.now);
  CHECK(rig.acquire(rig.one, {rig.demand(0)}).state == PermitState::free);
}

TEST_CASE("the rate grows anew after an outage, with the first success", "[limits]") {
  auto definition = limit("a", {.rate = 1000, .burst = 100});
  definition.ramp = 10 * kSecond;
  test::LimitsRig rig{definition};
  rig.now += 20 * kSecond;
  const auto started = rig.table->limits[0].ramp_started;
  const auto request = [&](bool fails) {
    const auto permit = rig.hold(rig.one, 0);
    if (fails) rig.one.failed(permit);
    rig.one.release(permit, rig.now);
  };
  for (int i = 0; i < 9; ++i) request(true);
  request(false);
  CHECK(rig.table->limits[0].ramp_started == started);
  for (int i = 0; i < 10; ++i) request(true);
  CHECK(rig.table->limits[0].ramp_started == started);
  request(false);
  CHECK(rig.table->limits[0].ramp_started == rig.now);
}

TEST_CASE("a tunnel that a policy ends bars its key for the penalty", "[limits]") {
  auto definition = keyed(limit("a", {.concurrency = 2}));
  definition.penalty = 30 * kSecond;
  test::LimitsRig rig{definition};
  const auto good = rig.hold(rig.one, 0, "x");
  rig.one.release(good, rig.now);
  const auto bad = rig.hold(rig.one, 0, "x");
  rig.one.punish(bad);
  CHECK(rig.acquire(rig.two, {rig.demand(0, "x")}).state == PermitState::held);
  rig.one.release(bad, rig.now);
  const auto refused = rig.acquire(rig.two, {rig.demand(0, "x")});
  CHECK(refused.state == PermitState::free);
  CHECK(refused.refused.reason == LimitReason::penalty);
  CHECK(refused.refused.retry_after >= 30);
  CHECK(rig.acquire(rig.two, {rig.demand(0, "y")}).state == PermitState::held);
  rig.now += 29 * kSecond;
  CHECK(rig.acquire(rig.two, {rig.demand(0, "x")}).refused.reason == LimitReason::penalty);
  rig.now += 2 * kSecond;
  CHECK(rig.acquire(rig.two, {rig.demand(0, "x")}).state == PermitState::held);
  CHECK(rig.faults() == "");
}

TEST_CASE("a barred key is not forgotten to make room, and dry-run lets it pass", "[limits]") {
  auto definition = keyed(limit("a", {.concurrency = 1}), 1);
  definition.penalty = 30 * kSecond;
  definition.dry_run = GENERATE(false, true);
  test::LimitsRig rig{definition};
  const auto bad = rig.hold(rig.one, 0, "x");
  rig.one.punish(bad);
  rig.one.release(bad, rig.now);
  const auto other = rig.acquire(rig.one, {rig.demand(0, "y")});
  CHECK(other.state == (definition.dry_run ? PermitState::held : PermitState::free));
  const auto same = rig.acquire(rig.one, {rig.demand(0, "x")});
  CHECK(same.state == (definition.dry_run ? PermitState::held : PermitState::free));
  CHECK(same.would_refuse == (definition.dry_run ? 1U : 0U));
  CHECK(rig.in_use(0) == (definition.dry_run ? 1U : 0U));  // it counts as inside
  CHECK(rig.faults() == "");
}

TEST_CASE("dry-run counts what it would refuse, and lets pass", "[limits]") {
  auto dry = limit("dry", {.concurrency = 1, .queue = 5}, kSecond);
  dry.dry_run = true;
  test::LimitsRig rig{limit("a", {.concurrency = 10}), dry};
  CHECK(rig.acquire(rig.one, {rig.demand(0), rig.demand(1)}).would_refuse == 0);
  const auto second = rig.acquire(rig.one, {rig.demand(0), rig.demand(1)});
  CHECK(second.state == PermitState::held);
  CHECK(second.would_refuse == 0b10);
  CHECK(rig.in_use(1) == 2);
  CHECK(rig.table->limits[1].dry_refused == 1);
  CHECK(rig.table->limits[1].waiting == 0);
  CHECK(rig.faults() == "");
}

TEST_CASE("a refusal is logged once a second, with how many were not", "[limits]") {
  test::LimitsRig rig{limit("a", {.concurrency = 1})};
  rig.hold(rig.one, 0);
  const auto refused = [&] { return rig.acquire(rig.two, {rig.demand(0)}).refused; };
  CHECK(refused().log);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(refused().log);
  rig.now += kSecond;
  const auto last = refused();
  CHECK(last.log);
  CHECK(last.skipped == 3);
  CHECK(rig.table->limits[0].refused[0] == 5);
}

TEST_CASE("concurrency=auto follows what it measures, within its bounds", "[limits]") {
  auto definition = limit("a", {.concurrency = 4});
  definition.least = 2;
  definition.most = 6;
  test::LimitsRig rig{definition};
  for (int i = 0; i < 400; ++i) {
    std::vector<limits::PermitRef> held;
    for (;;) {
      const auto answer = rig.acquire(rig.one, {rig.demand(0)});
      if (answer.state != PermitState::held) break;
      held.push_back(answer.permit);
    }
    rig.now += kSecond / 10;
    for (const auto permit : held) {
      rig.one.first_byte(permit, rig.now);
      rig.one.release(permit, rig.now);
    }
  }
  CHECK(rig.table->limits[0].gradient.decided != 0);
  CHECK(rig.table->limits[0].now.concurrency != 4);
  CHECK(rig.table->limits[0].now.concurrency >= 2);
  CHECK(rig.table->limits[0].now.concurrency <= 6);
}

TEST_CASE("the time of retrying follows from the pace, and is spread", "[limits]") {
  using limits::retry_after;
  CHECK(retry_after({}, 0) == 5);
  CHECK(retry_after({}, 5) == 10);
  CHECK(retry_after({.so_far = 8.5}, 0) == 9);
  CHECK(retry_after({.ahead = 39, .pace = 20}, 0) == 2);
  CHECK(retry_after({.ahead = 39, .pace = 20}, 2) == 4);
  CHECK(retry_after({.known = true, .due = 1.5, .ahead = 3, .pace = 2}, 0) == 3);
  CHECK(retry_after({.ahead = 1, .pace = 1000}, 0) == 1);
  CHECK(retry_after({.ahead = 1000, .pace = 1}, 0) == 60);
  CHECK(retry_after({.ahead = 1000, .pace = 1}, 60) == 120);
  CHECK(retry_after({.so_far = 7200}, 60) == 120);
  // A rate is no guess.
  const limits::Outlook hourly{.known = true, .due = 3500, .ahead = 0, .pace = 1.0 / 3600};
  CHECK(retry_after(hourly, 0) == 3500);
  CHECK(retry_after(hourly, 60) == 3560);
  CHECK(retry_after(hourly, 61) == 3500);
  CHECK(retry_after({.known = true, .due = 3500, .ahead = 2, .pace = 1.0 / 3600}, 0) == 10700);
  CHECK(retry_after({.known = true, .due = 1e9, .ahead = 0, .pace = 1e-9}, 0) == 24 * 3600);
}
