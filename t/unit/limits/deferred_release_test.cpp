#include "mod_wsflow/limits/deferred_release.hpp"

#include <thread>

#include "mod_wsflow/limits/lock.hpp"
#include "t/unit/support/limits_rig.hpp"

using namespace wsflow;
using limits::kSecond;
using limits::LimitReason;
using limits::PermitState;
using test::limit;

TEST_CASE("what is given back while another has the lock is collected when it is free", "[limits]") {
  test::LimitsRig rig{limit("a", {.concurrency = 70, .queue = 10}, kSecond)};
  std::vector<limits::PermitRef> held;
  for (int i = 0; i < 70; ++i) held.push_back(rig.hold(rig.one, 0));
  const auto waiting = rig.wait(rig.two, {rig.demand(0)});
  {
    const limits::Lock lock(*rig.table, rig.wakeups, 0);
    for (const auto permit : held) rig.one.release(permit, rig.now);
    CHECK(rig.one.state(held.front()) == PermitState::returned);
    CHECK(rig.in_use(0) == 70);
    CHECK_FALSE(limits::Lock(*rig.table, rig.wakeups, 0));
  }
  CHECK(rig.in_use(0) == 1);
  CHECK(rig.holds(rig.two, waiting));
  CHECK_FALSE(limits::any_announced(*rig.table));
  CHECK(rig.table->limits[0].released == 70);
  CHECK(rig.faults() == "");
  // A bit that is left over frees nobody's permit.
  limits::announce(*rig.table, waiting);
  const auto other = rig.hold(rig.one, 0);
  CHECK(rig.holds(rig.two, waiting));
  for (const auto permit : {waiting, other}) rig.one.release(permit, rig.now);
  CHECK(test::is_unused(*rig.table));
}

TEST_CASE("a lock that is not to be had refuses requests and lets waits end", "[limits]") {
  test::LimitsRig rig{limit("a", {.concurrency = 1, .queue = 10}, kSecond)};
  const auto holder = rig.hold(rig.one, 0);
  const auto leaving = rig.wait(rig.two, {rig.demand(0)});
  const auto staying = rig.wait(rig.two, {rig.demand(0)});
  limits::Answer answer;
  limits::LimitRefusal refused;
  {
    const limits::Lock lock(*rig.table, rig.wakeups, 0);
    std::thread worker([&] { answer = rig.acquire(rig.one, {rig.demand(0)}); });
    CHECK(rig.two.look_after(std::span(&staying, 1), rig.now) > rig.now);
    CHECK(rig.two.withdraw(leaving, LimitReason::timeout, rig.now, refused));
    CHECK(rig.two.state(leaving) == PermitState::returned);
    worker.join();
  }
  CHECK(answer.state == PermitState::free);
  CHECK(answer.refused.reason == LimitReason::unavailable);
  CHECK(refused.reason == LimitReason::timeout);
  CHECK(refused.limit == limits::LimitNumber::of(0));
  CHECK(rig.two.state(leaving) == PermitState::free);
  CHECK(rig.table->limits[0].waiting == 1);
  CHECK(rig.faults() == "");
  rig.one.release(holder, rig.now);
  CHECK(rig.holds(rig.two, staying));
}
