#include "mod_wsflow/tunnel/deadlines.hpp"

#include <catch2/catch.hpp>
#include <optional>

using namespace wsflow;
using base::Instant;
using base::Millis;
using tunnel::DeadlineHook;
using tunnel::Deadlines;

namespace {
Instant at(int ms) {
  return Instant(Millis(ms));
}
}  // namespace

TEST_CASE("without deadlines there is no next one", "[deadlines]") {
  Deadlines deadlines;
  CHECK(deadlines.next() == Instant::max());
  CHECK(deadlines.pop_due(Instant::max()) == nullptr);
}

TEST_CASE("a deadline is due at its moment and not before, and once", "[deadlines]") {
  Deadlines deadlines;
  DeadlineHook hook;
  CHECK_FALSE(hook.linked());
  deadlines.set(hook, Millis(50), at(100));
  CHECK(hook.linked());
  CHECK(deadlines.next() == at(150));
  CHECK(deadlines.pop_due(at(149)) == nullptr);
  CHECK(deadlines.pop_due(at(150)) == &hook);
  CHECK_FALSE(hook.linked());
  CHECK(deadlines.pop_due(at(1000)) == nullptr);
  CHECK(deadlines.next() == Instant::max());
}

TEST_CASE("the next deadline is the earliest of all durations", "[deadlines]") {
  Deadlines deadlines;
  DeadlineHook slow;
  DeadlineHook fast;
  deadlines.set(slow, Millis(1000), at(0));
  deadlines.set(fast, Millis(10), at(5));
  CHECK(deadlines.next() == at(15));
  CHECK(deadlines.pop_due(at(500)) == &fast);
  CHECK(deadlines.pop_due(at(500)) == nullptr);
  CHECK(deadlines.next() == at(1000));
}

TEST_CASE("deadlines of one duration are due in the order in which they were set", "[deadlines]") {
  Deadlines deadlines;
  DeadlineHook hooks[3];
  for (int i = 0; i < 3; ++i) deadlines.set(hooks[i], Millis(10), at(i));
  for (auto& hook : hooks) CHECK(deadlines.pop_due(at(100)) == &hook);
}

TEST_CASE("setting again moves a deadline, to another duration too", "[deadlines]") {
  Deadlines deadlines;
  DeadlineHook moved;
  DeadlineHook other;
  deadlines.set(moved, Millis(10), at(0));
  deadlines.set(other, Millis(10), at(1));
  deadlines.set(moved, Millis(10), at(5));
  CHECK(deadlines.pop_due(at(11)) == &other);
  CHECK(deadlines.pop_due(at(11)) == nullptr);
  deadlines.set(moved, Millis(100), at(5));
  CHECK(deadlines.next() == at(105));
  CHECK(deadlines.pop_due(at(15)) == nullptr);
  CHECK(deadlines.pop_due(at(105)) == &moved);
}

TEST_CASE("a hook that is unlinked or dies is not due any more", "[deadlines]") {
  Deadlines deadlines;
  DeadlineHook stays;
  {
    std::optional<DeadlineHook> dies(std::in_place);
    DeadlineHook unlinked;
    deadlines.set(*dies, Millis(10), at(0));
    deadlines.set(unlinked, Millis(10), at(0));
    deadlines.set(stays, Millis(10), at(0));
    unlinked.unlink();
    unlinked.unlink();
  }
  CHECK(deadlines.pop_due(at(10)) == &stays);
  CHECK(deadlines.pop_due(at(10)) == nullptr);
}
