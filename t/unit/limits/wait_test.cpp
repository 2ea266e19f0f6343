#include <unistd.h>

#include "t/unit/support/limits_rig.hpp"

using namespace wsflow;
using limits::kSecond;
using limits::LimitReason;
using limits::PermitState;
using limits::Waiting;
using test::keyed;
using test::limit;

TEST_CASE("those who wait are served in the order in which they came, whatever their process", "[limits]") {
  test::LimitsRig rig{limit("a", {.concurrency = 1, .queue = 10}, kSecond)};
  auto holder = rig.hold(rig.one, 0);
  std::vector<limits::PermitRef> waiting;
  for (int i = 0; i < 6; ++i) waiting.push_back(rig.wait(i % 2 == 0 ? rig.two : rig.one, {rig.demand(0)}));
  CHECK(rig.table->limits[0].waiting == 6);
  for (const auto next : waiting) {
    CHECK(rig.faults() == "");
    rig.one.release(holder, rig.now);
    CHECK(rig.holds(rig.one, next));
    CHECK(rig.in_use(0) == 1);
    holder = next;
  }
  rig.one.release(holder, rig.now);
  CHECK(rig.table->limits[0].waited == 6);
  CHECK(rig.table->limits[0].waits.count() == 6);
  CHECK(test::is_unused(*rig.table));
}

TEST_CASE("each entry has so many who wait, each as long as the strictest limit lets", "[limits]") {
  test::LimitsRig rig{keyed(limit("a", {.concurrency = 1, .queue = 2}, 3 * kSecond)),
                      limit("b", {.concurrency = 2, .queue = 2}, kSecond), limit("c", {.concurrency = 1})};
  rig.hold(rig.one, 0, "x");
  rig.hold(rig.one, 1);
  rig.hold(rig.one, 1);
  const auto both = rig.acquire(rig.one, {rig.demand(0, "x"), rig.demand(1)});
  CHECK(both.wait_until == rig.now + kSecond);
  const auto one = rig.acquire(rig.one, {rig.demand(0, "x"), rig.demand(2)});
  CHECK(one.wait_until == rig.now + 3 * kSecond);
  const auto full = rig.acquire(rig.one, {rig.demand(0, "x")});
  CHECK(full.state == PermitState::free);
  CHECK(full.refused.reason == LimitReason::queue_full);
  const auto never = rig.acquire(rig.one, {rig.demand(1)}, Waiting::never);
  CHECK(never.refused.reason == LimitReason::concurrency);
  rig.hold(rig.one, 0, "y");
  rig.wait(rig.one, {rig.demand(0, "y")});
  // The limit that lets nobody wait refuses, though others would.
  rig.hold(rig.one, 2);
  const auto strict = rig.acquire(rig.one, {rig.demand(1), rig.demand(2)});
  CHECK(strict.refused.limit == limits::LimitNumber::of(2));
  CHECK(strict.refused.reason == LimitReason::concurrency);
  CHECK(rig.faults() == "");
}

TEST_CASE("only a share of the threads may wait", "[limits]") {
  test::LimitsRig rig({limit("a", {.concurrency = 1, .queue = 10}, kSecond)}, 1);
  rig.hold(rig.one, 0);
  const auto first = rig.acquire(rig.one, {rig.demand(0)}, Waiting::on_thread);
  REQUIRE(first.state == PermitState::waiting);
  CHECK(rig.acquire(rig.one, {rig.demand(0)}, Waiting::on_thread).refused.reason == LimitReason::queue_full);
  rig.wait(rig.one, {rig.demand(0)});
  limits::LimitRefusal refused;
  CHECK(rig.one.withdraw(first.permit, LimitReason::timeout, rig.now, refused));
  CHECK(rig.acquire(rig.one, {rig.demand(0)}, Waiting::on_thread).state == PermitState::waiting);
  CHECK(rig.faults() == "");
}

TEST_CASE("whoever is blocked elsewhere blocks nobody, and keeps its place", "[limits]") {
  test::LimitsRig rig{limit("all", {.concurrency = 2, .queue = 10}, kSecond),
                      keyed(limit("each", {.concurrency = 1, .queue = 10}, kSecond))};
  const auto all = rig.demand(0);
  const auto x = rig.demand(1, "x");
  const auto holder = rig.acquire(rig.one, {all, x}).permit;
  const auto blocked = rig.wait(rig.one, {all, x});
  // There is room for another client.
  const auto other = rig.acquire(rig.two, {all, rig.demand(1, "y")});
  REQUIRE(other.state == PermitState::held);
  const auto later = rig.wait(rig.two, {all});
  CHECK(rig.faults() == "");
  // What the blocked one cannot use goes to the next.
  rig.two.release(other.permit, rig.now);
  CHECK(rig.holds(rig.two, later));
  CHECK(rig.one.state(blocked) == PermitState::waiting);
  // Now that it could, "all" has no room: it is the first there, though others wait there for longer.
  const auto last = rig.wait(rig.two, {all});
  const auto filler = rig.hold(rig.two, 1, "z");
  rig.table->limits[0].now.concurrency = 1;
  rig.one.release(holder, rig.now);
  CHECK(rig.one.state(blocked) == PermitState::waiting);
  CHECK(rig.faults() == "");
  rig.two.release(later, rig.now);
  CHECK(rig.holds(rig.one, blocked));
  CHECK(rig.two.state(last) == PermitState::waiting);
  rig.one.release(blocked, rig.now);
  CHECK(rig.holds(rig.two, last));
  for (const auto permit : {last, filler}) rig.two.release(permit, rig.now);
  CHECK(test::is_unused(*rig.table));
  CHECK(rig.faults() == "");
}

TEST_CASE("whoever is granted cannot withdraw, and whoever has withdrawn is not granted", "[limits]") {
  test::LimitsRig rig{limit("a", {.concurrency = 1, .queue = 10}, kSecond)};
  const auto holder = rig.hold(rig.one, 0);
  const auto first = rig.wait(rig.two, {rig.demand(0)});
  const auto second = rig.wait(rig.two, {rig.demand(0)});
  const auto third = rig.wait(rig.two, {rig.demand(0)});
  limits::LimitRefusal refused;
  CHECK(rig.two.withdraw(second, LimitReason::client_gone, rig.now, refused));
  CHECK(refused.reason == LimitReason::client_gone);
  CHECK(rig.two.state(second) == PermitState::free);
  CHECK(rig.faults() == "");
  rig.one.release(holder, rig.now);
  CHECK_FALSE(rig.two.withdraw(first, LimitReason::timeout, rig.now, refused));
  CHECK(rig.holds(rig.two, first));
  rig.two.release(first, rig.now);
  CHECK(rig.holds(rig.two, third));
  const auto& statistics = rig.table->limits[0];
  CHECK(statistics.refused[static_cast<std::size_t>(LimitReason::client_gone)] == 1);
  CHECK(statistics.refused[static_cast<std::size_t>(LimitReason::timeout)] == 0);
  CHECK(statistics.waits.count() == 3);
  CHECK(statistics.waited == 2);
  CHECK(rig.faults() == "");
}

TEST_CASE("the rate lets those who wait go at its pace, before any newcomer", "[limits]") {
  test::LimitsRig rig{limit("a", {.queue = 2, .rate = 10}, kSecond)};
  rig.hold(rig.one, 0);
  const auto first = rig.wait(rig.one, {rig.demand(0)});
  const auto second = rig.wait(rig.two, {rig.demand(0)});
  const auto due = rig.now + kSecond / 10;
  CHECK(rig.one.look_after(std::span(&first, 1), rig.now) == due);
  CHECK(rig.two.look_after(std::span(&second, 1), rig.now) == due);
  rig.now = due;
  SECTION("when their process looks") {
    CHECK(rig.one.look_after(std::span(&first, 1), rig.now) == 0);
    CHECK(rig.two.look_after(std::span(&second, 1), rig.now) == due + kSecond / 10);
  }
  SECTION("when somebody comes") {
    CHECK(rig.acquire(rig.two, {rig.demand(0)}).state == PermitState::waiting);
  }
  CHECK(rig.holds(rig.one, first));
  CHECK(rig.two.state(second) == PermitState::waiting);
  CHECK(rig.faults() == "");
}

TEST_CASE("whom only the rate still holds up is told to look after it", "[limits]") {
  test::LimitsRig rig{limit("a", {.concurrency = 1, .queue = 2, .rate = 10}, kSecond)};
  const limits::SlotWakeups wakeups(limits::SlotWakeups::open());
  REQUIRE(wakeups.fd(2) >= 0);
  limits::Limiter one(*rig.table, 1, wakeups);
  const auto holder = rig.hold(one, 0);
  const auto waiting = rig.wait(rig.two, {rig.demand(0)});
  CHECK(rig.two.look_after(std::span(&waiting, 1), rig.now) == 0);
  one.release(holder, rig.now);
  CHECK(rig.two.state(waiting) == PermitState::waiting);
  std::uint64_t rung = 0;
  CHECK(::read(wakeups.fd(2), &rung, sizeof rung) == sizeof rung);
  CHECK(rig.two.look_after(std::span(&waiting, 1), rig.now) == rig.now + kSecond / 10);
}

TEST_CASE("a changed limit grants what it makes room for", "[limits]") {
  test::LimitsRig rig{limit("a", {.concurrency = 1, .queue = 10}, kSecond)};
  rig.hold(rig.one, 0);
  const auto first = rig.wait(rig.two, {rig.demand(0)});
  const auto second = rig.wait(rig.two, {rig.demand(0)});
  limits::Change more;
  more.concurrency = 2;
  CHECK(limits::change(rig.one, "a", more, rig.now));
  CHECK(rig.holds(rig.two, first));
  CHECK(rig.two.state(second) == PermitState::waiting);
  CHECK(rig.faults() == "");
}
