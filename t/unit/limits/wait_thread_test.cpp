#include "mod_wsflow/limits/wait_thread.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>

#include "mod_wsflow/limits/definitions.hpp"
#include "t/unit/support/limits_table.hpp"
#include "t/unit/support/sockets.hpp"
#include "t/unit/support/wait.hpp"

using namespace wsflow;
using limits::PermitState;
using limits::Wait;

namespace {

struct TestWait final : Wait {
  void wake() noexcept override { woken.store(true); }
  bool ended() const {
    return test::eventually([&] { return woken.load(); });
  }
  std::atomic<bool> woken{false};
};

// One process with one limit of one permit, for which any number may wait for `acquire`.
struct Rig {
  explicit Rig(limits::Micros acquire, bool bell = true)
      : wakeups(bell ? limits::SlotWakeups(limits::SlotWakeups::open()) : limits::SlotWakeups()),
        limiter(*table, 3, wakeups),
        thread(limiter, wakeups.fd(3)) {
    limits::LimitDefinition definition{.settings = {.concurrency = 1, .queue = 10}, .acquire = acquire};
    definition.name[0] = 'a';
    REQUIRE(test::define(limiter, std::span(&definition, 1), 0, 1, limits::now()));
    REQUIRE(thread.start());
  }
  limits::Answer acquire() {
    const limits::Demand demand{.limit = limits::LimitNumber::of(0), .key = {}};
    return limiter.acquire(std::span(&demand, 1), limits::Waiting::parked, limits::now());
  }
  void begin(TestWait& wait) {
    const auto answer = acquire();
    REQUIRE(answer.state == PermitState::waiting);
    wait.permit = answer.permit;
    wait.until = answer.wait_until;
    thread.add(wait);
  }

  test::LimitsTable table;
  limits::SlotWakeups wakeups;
  limits::Limiter limiter;
  limits::WaitThread thread;
};

constexpr limits::Micros kLong = 60'000'000;

}  // namespace

TEST_CASE("a wait ends when its permit is granted, with a bell or without", "[limits][wait_thread]") {
  for (const bool bell : {true, false}) {
    Rig rig(kLong, bell);
    const auto first = rig.acquire();
    TestWait wait;
    rig.begin(wait);
    CHECK_FALSE(wait.woken.load());
    rig.limiter.release(first.permit, limits::now());
    REQUIRE(wait.ended());
    CHECK(wait.end.load() == Wait::End::granted);
    CHECK(rig.limiter.state(wait.permit) == PermitState::held);
    rig.thread.remove(wait);
    rig.limiter.release(wait.permit, limits::now());
  }
}

TEST_CASE("a permit that was granted before the thread knew of it is noticed", "[limits][wait_thread]") {
  Rig rig(kLong);
  const auto first = rig.acquire();
  const auto answer = rig.acquire();
  rig.limiter.release(first.permit, limits::now());
  TestWait wait;
  wait.permit = answer.permit;
  wait.until = answer.wait_until;
  rig.thread.add(wait);
  REQUIRE(wait.ended());
  CHECK(wait.end.load() == Wait::End::granted);
}

TEST_CASE("a wait ends when its time is up, and not before", "[limits][wait_thread]") {
  constexpr limits::Micros kShort = 30'000;
  Rig rig(kShort);
  rig.acquire();
  TestWait wait;
  const auto start = limits::now();
  rig.begin(wait);
  REQUIRE(wait.ended());
  CHECK(limits::now() - start >= kShort);
  CHECK(wait.end.load() == Wait::End::timeout);
  CHECK(wait.refused.reason == limits::LimitReason::timeout);
  CHECK(rig.limiter.state(wait.permit) == PermitState::free);
}

TEST_CASE("a wait ends when its client leaves, and the next one is not held up", "[limits][wait_thread]") {
  Rig rig(kLong);
  const auto first = rig.acquire();
  auto pair = test::socket_pair();
  TestWait leaves;
  leaves.client = pair.ours.get();
  rig.begin(leaves);
  TestWait stays;
  rig.begin(stays);
  pair.peer.reset();
  REQUIRE(leaves.ended());
  CHECK(leaves.end.load() == Wait::End::client_gone);
  CHECK(leaves.refused.reason == limits::LimitReason::client_gone);
  CHECK_FALSE(stays.woken.load());
  rig.limiter.release(first.permit, limits::now());
  REQUIRE(stays.ended());
  CHECK(stays.end.load() == Wait::End::granted);
}

TEST_CASE("what a waiting client sends does not end its wait", "[limits][wait_thread]") {
  Rig rig(kLong);
  const auto first = rig.acquire();
  const auto pair = test::socket_pair();
  TestWait wait;
  wait.client = pair.ours.get();
  rig.begin(wait);
  REQUIRE(::write(pair.peer.get(), "more", 4) == 4);
  rig.limiter.release(first.permit, limits::now());
  REQUIRE(wait.ended());
  CHECK(wait.end.load() == Wait::End::granted);
}

TEST_CASE("a wait that was taken back is never woken", "[limits][wait_thread]") {
  Rig rig(kLong);
  const auto first = rig.acquire();
  auto gone = std::make_unique<TestWait>();
  rig.begin(*gone);
  rig.thread.remove(*gone);
  rig.thread.remove(*gone);  // once more does nothing
  TestWait next;
  rig.begin(next);
  const bool woken = gone->woken.load();
  gone.reset();
  rig.limiter.release(first.permit, limits::now());  // to the one that nobody watches
  CHECK_FALSE(woken);
  CHECK_FALSE(next.woken.load());
}

TEST_CASE("the end of a watch leaves its waits as they are", "[limits][wait_thread]") {
  Rig rig(kLong);
  rig.acquire();
  TestWait wait;
  rig.begin(wait);
  rig.thread.stop();
  CHECK(wait.end.load() == Wait::End::none);
  CHECK(rig.limiter.state(wait.permit) == PermitState::waiting);
}
