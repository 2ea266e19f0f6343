#include "mod_wsflow/limits/reap.hpp"

#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/shm/reaper.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "t/unit/support/limits_rig.hpp"
#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;
using limits::kSecond;
using limits::PermitState;
using test::limit;

TEST_CASE("what a dead process held and waited for goes to the others", "[limits][reap]") {
  test::LimitsRig rig{limit("a", {.concurrency = 2, .queue = 10}, kSecond)};
  rig.hold(rig.one, 0);
  const auto kept = rig.hold(rig.two, 0);
  const auto lost = rig.wait(rig.one, {rig.demand(0)});
  const auto waiting = rig.wait(rig.two, {rig.demand(0)});
  rig.wait(rig.one, {rig.demand(0)});
  {
    const limits::Lock lock(*rig.table, rig.wakeups, 0);
    CHECK_FALSE(limits::reap(*rig.table, rig.wakeups, 1, 0));
  }
  CHECK(limits::reap(*rig.table, rig.wakeups, 1, 0));
  CHECK(rig.one.state(lost) == PermitState::free);
  CHECK(rig.holds(rig.two, waiting));
  CHECK(rig.in_use(0) == 2);
  CHECK(rig.table->limits[0].waiting == 0);
  CHECK(rig.faults() == "");
  CHECK(limits::reap(*rig.table, rig.wakeups, 1, 0));
  for (const auto permit : {kept, waiting}) rig.two.release(permit, rig.now);
  CHECK(test::is_unused(*rig.table));
}

TEST_CASE("a reaper takes the permits of the process, or is put off", "[limits][reap]") {
  const test::SharedSegment segment;
  auto& table = shm::limits_table(*segment);
  const limits::SlotWakeups wakeups;
  auto* slot = shm::claim(*segment, test::owner(11), 0, 0);
  REQUIRE(slot != nullptr);
  limits::Limiter limiter(table, *shm::index_of(*segment, *slot), wakeups);
  const auto definition = limit("a", {.concurrency = 2});
  REQUIRE(test::define(limiter, std::span(&definition, 1), 1, 1, kSecond));
  const limits::Demand demand{.limit = limits::LimitNumber::of(0), .key = {}};
  REQUIRE(limiter.acquire(std::span(&demand, 1), limits::Waiting::never, kSecond).permit);
  slot->counters[shm::kOpenedCounter] = 1;
  {
    const limits::Lock lock(table, wakeups, 0);
    CHECK_FALSE(shm::reap(*segment, *slot, test::owner(11)));
  }
  CHECK(table.limits[0].in_use == 1);
  CHECK(slot->owner == shm::kEnded.word);
  CHECK(shm::snapshot(*segment).sums[shm::kLostCounter] == 1);
  CHECK(shm::reap_all(*segment) == 1U);
  CHECK(test::is_unused(table));
  CHECK(slot->owner == 0);
  CHECK(shm::snapshot(*segment).sums[shm::kLostCounter] == 1);
}
