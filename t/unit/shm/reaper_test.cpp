#include "mod_wsflow/shm/reaper.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "mod_wsflow/shm/segment.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/dead_process.hpp"

using namespace wsflow;
using test::dead_process;
using test::kHeld;
using test::kSome;
using test::owner;

TEST_CASE("to reap keeps the counters, ends the tunnels as lost and frees the slot", "[reap]") {
  const test::SharedSegment segment;
  auto& slot = dead_process(*segment);
  auto* other = shm::claim(*segment, shm::Owner::self(), 1, 100);
  CHECK(shm::held(*segment, kHeld) == 6);
  REQUIRE(shm::reap(*segment, slot, owner(12)));
  CHECK_FALSE(shm::reap(*segment, slot, owner(12)));
  CHECK(shm::snapshot(*segment).processes.size() == 1);
  CHECK(shm::reap(*segment, *other, shm::Owner::self()));
  CHECK(test::reaped(*segment));
}

TEST_CASE("a process that ended all its tunnels has lost none", "[reap]") {
  const test::SharedSegment segment;
  auto* slot = shm::claim(*segment, owner(11), 1, 0);
  slot->counters[shm::kOpenedCounter] = 2;
  slot->counters[shm::kEndedCounter + 1] = 1;
  slot->counters[shm::kLostCounter] = 1;
  REQUIRE(shm::reap(*segment, *slot, owner(11)));
  CHECK(shm::snapshot(*segment).sums[shm::kLostCounter] == 1);
}

TEST_CASE("of the greatest values the greatest is kept, whether its process lives or not", "[reap]") {
  const test::SharedSegment segment;
  constexpr auto kGreatest = shm::kGreatestCounter;
  auto* one = shm::claim(*segment, owner(11), 1, 0);
  auto* other = shm::claim(*segment, owner(12), 1, 0);
  one->counters[kGreatest] = 30;
  other->counters[kGreatest] = 20;
  CHECK(shm::snapshot(*segment).sums[kGreatest] == 30);
  REQUIRE(shm::reap(*segment, *one, owner(11)));
  CHECK(shm::snapshot(*segment).sums[kGreatest] == 30);
  other->counters[kGreatest] = 40;
  CHECK(shm::snapshot(*segment).sums[kGreatest] == 40);
  REQUIRE(shm::reap(*segment, *other, owner(12)));
  CHECK(shm::snapshot(*segment).sums[kGreatest] == 40);
}

TEST_CASE("a round reaps the dead and nobody else", "[reap]") {
  const test::SharedSegment segment;
  CHECK(shm::reap_all(*segment) == 0);
  shm::claim(*segment, shm::Owner::self(), 1, 0)->counters[kSome] = 1;
  test::ChildProcess child([&] {
    shm::claim(*segment, shm::Owner::self(), 1, 0)->counters[kSome] = 2;
    return true;
  });
  REQUIRE(child.ended_well());
  CHECK(shm::snapshot(*segment).processes.size() == 2);
  CHECK(shm::reap_all(*segment) == 1);
  CHECK(shm::snapshot(*segment).processes.size() == 1);
  CHECK(shm::snapshot(*segment).sums[kSome] == 3);
}

TEST_CASE("a process that nobody has waited for is dead all the same", "[reap]") {
  const test::SharedSegment segment;
  test::ChildProcess child([&] { return shm::claim(*segment, shm::Owner::self(), 1, 0) != nullptr; });
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT) == 0);
  CHECK(shm::reap_all(*segment) == 1);
}

TEST_CASE("a slot outside the segment is nothing to reap", "[reap]") {
  const test::SharedSegment segment;
  shm::ProcessSlot own{};
  own.owner = owner(11).word;
  CHECK_FALSE(shm::reap(*segment, own, owner(11)));
}

// What a process that was killed while it reaped leaves, step by step.
TEST_CASE("what a reaper has left undone anywhere is completed, and every reader sees it whole", "[reap]") {
  const test::SharedSegment segment;
  auto& slot = dead_process(*segment);
  auto& page = shm::page_heads(*segment)[3];
  slot.owner = shm::kEnded.word;
  const auto publish = [&] {
    for (std::size_t i = 0; i < shm::kCounterCapacity; ++i) segment->totals[1][i] = slot.counters[i].load();
    segment->totals[1][shm::kLostCounter] = 4;
    segment->commit = shm::Commit{1, 1, 1}.word();
  };
  const auto clear_slot = [&] {
    page.owner = 0;
    page.used = 0;
    slot.active = slot.active_worker = slot.max_tunnels = 0;
    slot.generation = slot.kind = slot.commands = 0;
    slot.started = 0;
    for (auto& counter : slot.counters) counter = 0;
    for (auto& count : slot.held) count = 0;
  };
  SECTION("before the totals") {}
  SECTION("in the totals that do not count yet") {
    for (std::size_t i = 0; i < 100; ++i) segment->totals[1][i] = 12345;
  }
  SECTION("between publishing and clearing") {
    publish();
  }
  SECTION("in clearing") {
    publish();
    slot.counters[shm::kOpenedCounter] = 0;
    slot.held[kHeld] = 0;
    page.used = 0;
  }
  SECTION("before the slot is taken out of the commit") {
    publish();
    clear_slot();
  }
  SECTION("before the slot is free") {
    publish();
    clear_slot();
    segment->commit = shm::Commit{1, 0, 2}.word();
  }
  CHECK(test::counted_once(*segment));
  // Nobody can claim what is not free.
  CHECK(shm::claim(*segment, shm::Owner::self(), 0, 0) != &slot);
  shm::reap_all(*segment);
  REQUIRE(shm::reap(*segment, shm::slots(*segment)[1], shm::Owner::self()));
  CHECK(test::reaped(*segment));
  CHECK(shm::reap_all(*segment) == 0);
  CHECK(test::reaped(*segment));
}

TEST_CASE("the lock of a process that died with it goes to the next", "[reap]") {
  const test::SharedSegment segment;
  dead_process(*segment);
  test::ChildProcess child([&] { return pthread_mutex_trylock(&segment->lock) == 0; });
  REQUIRE(child.ended_well());
  CHECK(shm::reap_all(*segment) == 1);
  CHECK(test::reaped(*segment));
  CHECK(pthread_mutex_trylock(&segment->lock) == 0);
  CHECK(pthread_mutex_unlock(&segment->lock) == 0);
}

TEST_CASE("nobody waits for another reaper", "[reap]") {
  const test::SharedSegment segment;
  auto& slot = dead_process(*segment);
  REQUIRE(pthread_mutex_trylock(&segment->lock) == 0);
  std::thread([&] {
    CHECK_FALSE(shm::reap_all(*segment).has_value());
    CHECK_FALSE(shm::reap(*segment, slot, owner(12)));
  }).join();
  CHECK(slot.owner == owner(12).word);
  REQUIRE(pthread_mutex_unlock(&segment->lock) == 0);
  CHECK(shm::reap_all(*segment) == 1);
}

TEST_CASE("a reader does not wait for a reaper without end", "[reap]") {
  const test::SharedSegment segment;
  shm::claim(*segment, shm::Owner::self(), 1, 100)->counters[kSome] = 1;
  std::atomic<bool> done{false};
  std::thread changing([&] {
    while (!done) segment->commit.fetch_add(1U << 17U);
  });
  CHECK(shm::snapshot(*segment).sums[kSome] == 1);
  done = true;
  changing.join();
}
