#include "mod_wsflow/tunnel/timer_wheel.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <optional>
#include <random>
#include <set>

#include "t/unit/support/assertion.hpp"

using namespace wsflow;
using base::Instant;
using base::Millis;
using tunnel::TimerHook;
using tunnel::TimerWheel;

namespace {
Instant at(std::int64_t ms) {
  return Instant(Millis(ms));
}
constexpr auto kTick = TimerWheel::kTick;
}  // namespace

TEST_CASE("without deadlines there is no next one", "[timer_wheel]") {
  TimerWheel deadlines;
  CHECK(deadlines.next() == Instant::max());
  CHECK(deadlines.pop_due(at(1'000'000)) == nullptr);
  CHECK(deadlines.next() == Instant::max());
}

TEST_CASE("a deadline is met once, not early, and at most a tick late", "[timer_wheel]") {
  const auto due = GENERATE(at(101), at(104), at(5'000), at(3'600'000), at(90'000'000'000));
  TimerWheel deadlines;
  deadlines.pop_due(at(100));
  TimerHook hook;
  CHECK_FALSE(hook.linked());
  deadlines.set(hook, due);
  CHECK(hook.linked());
  CHECK(hook.due() == due);
  CHECK(deadlines.pop_due(due - Millis(1)) == nullptr);
  CHECK(deadlines.next() >= due);
  CHECK(deadlines.next() < due + kTick);
  CHECK(deadlines.pop_due(due + kTick) == &hook);
  CHECK_FALSE(hook.linked());
  CHECK(deadlines.pop_due(due + Millis(100'000)) == nullptr);
  CHECK(deadlines.next() == Instant::max());
}

TEST_CASE("what is due already is due at once", "[timer_wheel]") {
  TimerWheel deadlines;
  deadlines.pop_due(at(5000));
  TimerHook hook;
  deadlines.set(hook, at(4000));
  CHECK(deadlines.next() <= at(5000));
  CHECK(deadlines.pop_due(at(5000)) == &hook);
}

TEST_CASE("setting again moves a deadline, nearer and farther", "[timer_wheel]") {
  TimerWheel deadlines;
  TimerHook moved;
  TimerHook stays;
  deadlines.set(moved, at(80));
  deadlines.set(stays, at(160));
  deadlines.set(moved, at(50'000));
  CHECK(deadlines.pop_due(at(200)) == &stays);
  CHECK(deadlines.pop_due(at(200)) == nullptr);
  deadlines.set(moved, at(240));
  CHECK(deadlines.pop_due(at(240)) == &moved);
  CHECK(deadlines.pop_due(at(60'000)) == nullptr);
}

TEST_CASE("a hook rests without a time, is found with all others, and can be set", "[timer_wheel]") {
  TimerWheel wheel;
  std::deque<TimerHook> hooks(7);
  for (auto& hook : hooks) wheel.rest(hook);
  CHECK(hooks[0].linked());
  CHECK(hooks[0].rests());
  CHECK(wheel.next() == Instant::max());
  for (std::size_t i = 1; i < 6; ++i)
    wheel.set(hooks[i], at(i % 2 == 0 ? 10 : 1'000'000 * static_cast<int>(i)));
  CHECK_FALSE(hooks[1].rests());
  hooks[6].unlink();
  std::multiset<const TimerHook*> found;
  wheel.for_each([&](TimerHook& hook) {
    found.insert(&hook);
    if (&hook == &hooks[3]) hook.unlink();
    if (&hook == &hooks[5]) wheel.rest(hook);
  });
  CHECK(found.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK(found.count(&hooks[i]) == 1);
  CHECK_FALSE(hooks[3].linked());
  CHECK(hooks[5].rests());
  auto* const due = wheel.pop_due(at(16));
  REQUIRE((due == &hooks[2] || due == &hooks[4]));
  wheel.rest(*due);
  CHECK(due->rests());
  CHECK(wheel.pop_due(at(16)) != due);
}

TEST_CASE("a hook that is unlinked or dies is not due any more", "[timer_wheel]") {
  TimerWheel deadlines;
  TimerHook stays;
  {
    std::optional<TimerHook> dies(std::in_place);
    TimerHook unlinked;
    deadlines.set(*dies, at(16));
    deadlines.set(unlinked, at(16));
    deadlines.set(stays, at(16));
    unlinked.unlink();
    unlinked.unlink();
  }
  CHECK(deadlines.pop_due(at(16)) == &stays);
  CHECK(deadlines.pop_due(at(16)) == nullptr);
}

TEST_CASE("many deadlines, each met in its tick, however the clock jumps", "[timer_wheel]") {
  const auto step = GENERATE(1, 7, 300, 40'000);
  std::mt19937 random(static_cast<unsigned>(step));
  TimerWheel deadlines;
  auto now = at(123'456'789);
  deadlines.pop_due(now);
  std::deque<TimerHook> hooks(500);
  for (auto& hook : hooks) {
    const auto range = 1U << (random() % 22);
    deadlines.set(hook, now + Millis(random() % range));
  }
  std::size_t met = 0;
  while (met < hooks.size()) {
    const auto next = deadlines.next();
    REQUIRE(next != Instant::max());
    const auto before = now;
    now = std::max(now + Millis(random() % static_cast<unsigned>(step)), next);
    while (auto* hook = deadlines.pop_due(now)) {
      REQUIRE(hook->due() <= now);
      // next() had announced its wake-up.
      REQUIRE(hook->due() + kTick > std::min(before, next));
      if (random() % 4 == 0 && met < 400) {
        deadlines.set(*hook, now + Millis(random() % 100'000));
      } else {
        ++met;
      }
    }
  }
  CHECK(deadlines.next() == Instant::max());
}

#ifdef WSFLOW_ASSERTS
TEST_CASE("the clock of a timer wheel never goes back", "[timer_wheel][assert]") {
  TimerWheel deadlines;
  deadlines.pop_due(at(1000));
  deadlines.pop_due(at(1000));
  CHECK(test::asserts_in("timer_wheel.cpp", [&] { deadlines.pop_due(at(900)); }));
}
#endif
