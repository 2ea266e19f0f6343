#include "t/unit/support/key_rig.hpp"

using namespace wsflow;
using cluster::KeyEnd;
using limits::kSecond;
using limits::PermitState;

TEST_CASE("who queues while there is no lease is asked for once there is one", "[cluster_keys]") {
  auto definition = test::shared({.concurrency = 5, .queue = 10});
  definition.acquire = 30 * kSecond;
  test::KeyRig rig(definition);
  rig.ask(0, 2 * kSecond);
  REQUIRE(rig.finish({}, 2 * kSecond, {}, 1, false));
  const auto answer = rig.enter();
  REQUIRE(answer.state == PermitState::waiting);
  CHECK(rig.lease().tracked == 1);
  // Whoever comes meanwhile does not put it off.
  REQUIRE(rig.enter().state == PermitState::waiting);
  rig.ask(1, 4 * kSecond);
  CHECK(rig.request.keys[0].asks);
  CHECK(rig.request.keys[0].need == 2);
  REQUIRE(rig.finish({{.permits = 2, .units = 0, .tokens = 0, .end = KeyEnd::met}}, 4 * kSecond));
  CHECK(rig.limits.holds(rig.limits.one, answer.permit));
  CHECK(rig.limits.faults().empty());
}

TEST_CASE("a waiter that another limit held up until now is asked for", "[cluster_keys]") {
  auto definition = test::shared({.concurrency = 5, .queue = 10});
  definition.acquire = 30 * kSecond;
  auto own = test::limit("own", {.concurrency = 1, .queue = 10}, 30 * kSecond);
  test::KeyRig rig(definition, {definition, own});
  const auto first = rig.first(1, 300'000);
  const auto busy = rig.limits.hold(rig.limits.one, 1);
  rig.limits.one.release(first, rig.limits.now);
  const auto both = rig.limits.wait(rig.limits.one, {rig.limits.demand(0, "ann"), rig.limits.demand(1)});
  REQUIRE(rig.is_in());  // the one permit of the key
  rig.limits.one.release(busy, rig.limits.now);
  CHECK_FALSE(rig.limits.holds(rig.limits.one, both));
  rig.ask(1, 600'000);
  CHECK(rig.request.keys[0].asks);
  CHECK(rig.request.keys[0].need == 2);
  REQUIRE(rig.finish({{.permits = 2, .units = 0, .tokens = 0, .end = KeyEnd::met}}, 620'000));
  CHECK(rig.limits.holds(rig.limits.one, both));
  CHECK(rig.limits.faults().empty());
}

TEST_CASE("another rate of a unit makes no tokens of what a key owes", "[cluster_keys]") {
  test::KeyRig rig(test::shared({.rate = 1, .burst = 10}));
  REQUIRE(rig.enter().state == PermitState::waiting);
  rig.ask(1, 300'000);
  rig.limits.now = limits::now();
  REQUIRE(rig.finish({{.permits = 0, .units = 10, .tokens = 1, .end = KeyEnd::met}}, 300'000));
  const auto& arrival = rig.limits.table->entries[0].arrival;
  const auto owed = arrival - limits::now();
  REQUIRE(owed > 9 * kSecond);
  cluster::Request request;
  REQUIRE(cluster::begin(rig.limits.one, 1, test::kKeySettings, true, rig.boot + 4 * kSecond, request) ==
          cluster::Turn::ask);
  cluster::Told told{};
  told.settled = true;
  told.nodes = 2;
  told.burst = 10;
  told.rate = 0.1;  // another node has less
  REQUIRE(cluster::finish(rig.limits.one, test::kKeySettings, request, std::array{told},
                          rig.boot + 4 * kSecond, rig.news));
  CHECK(arrival - limits::now() > 9 * owed);
  CHECK(rig.limits.faults().empty());
}
