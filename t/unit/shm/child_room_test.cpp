#include "mod_wsflow/shm/child_room.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "mod_wsflow/shm/reaper.hpp"
#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;

namespace {

shm::ProcessSlot& child(const test::SharedSegment& segment, std::uint32_t pid, std::uint64_t most) {
  auto* slot = shm::claim(*segment, test::owner(pid), 1, 0);
  REQUIRE(slot != nullptr);
  segment->generation.store(1);
  slot->max_tunnels.store(most);
  slot->claimed_most.store(1000);
  slot->takes_over.store(1);
  return *slot;
}

}  // namespace

TEST_CASE("no two connections count on the same room") {
  const test::SharedSegment segment;
  auto& slot = child(segment, 1, 3);
  slot.taken.store(1);
  CHECK(shm::has_room(slot));
  CHECK(shm::expect(slot));
  CHECK(shm::expect(slot));
  CHECK_FALSE(shm::has_room(slot));
  CHECK_FALSE(shm::expect(slot));
  CHECK(slot.expected == 2);
  // One becomes a tunnel, the other does not.
  slot.taken.fetch_add(1);
  shm::settle(slot);
  CHECK_FALSE(shm::has_room(slot));
  shm::settle(slot);
  CHECK(shm::expect(slot));
  CHECK_FALSE(shm::expect(slot));
}

TEST_CASE("there is no room where handshakes that wait have the descriptors") {
  const test::SharedSegment segment;
  auto& slot = child(segment, 1, 100);
  auto& other = child(segment, 2, 100);
  slot.claimed.store(1000 - 2 * shm::kDescriptorsOfHandshake);
  CHECK_FALSE(shm::has_much_room(slot, 2));
  CHECK(shm::has_much_room(slot, 1));
  CHECK(shm::expect(slot));
  CHECK(shm::expect(slot));
  CHECK_FALSE(shm::expect(slot));
  CHECK_FALSE(shm::sibling_has_room(*segment, other));
  slot.claimed.fetch_sub(shm::kDescriptorsOfHandshake);
  CHECK(shm::sibling_has_room(*segment, other));
  CHECK(shm::expect(slot));
}

TEST_CASE("much room is more than so many tunnels") {
  const test::SharedSegment segment;
  auto& slot = child(segment, 1, 10);
  CHECK(shm::has_much_room(slot, 9));
  CHECK_FALSE(shm::has_much_room(slot, 10));
  slot.taken.store(10);
  CHECK_FALSE(shm::has_much_room(slot, 0));
  // More than there may be: a number that a dying process has left.
  slot.taken.store(~std::uint32_t{0});
  CHECK_FALSE(shm::has_room(slot));
}

TEST_CASE("a sibling counts if it lives, is of this generation, takes connections over and has room") {
  const test::SharedSegment segment;
  auto& self = child(segment, 1, 2);
  CHECK_FALSE(shm::sibling_has_room(*segment, self));
  auto& other = child(segment, 2, 2);
  CHECK(shm::sibling_has_room(*segment, self));
  CHECK(shm::sibling_has_room(*segment, other));
  SECTION("full") {
    other.taken.store(1);
    other.expected.store(1);
  }
  SECTION("ending") {
    other.takes_over.store(0);
  }
  SECTION("of the generation before") {
    segment->generation.store(2);
  }
  SECTION("gone") {
    REQUIRE(shm::reap(*segment, other, test::owner(2)));
  }
  CHECK_FALSE(shm::sibling_has_room(*segment, self));
}

TEST_CASE("a slot that is reaped expects nothing and takes nothing over") {
  const test::SharedSegment segment;
  auto& slot = child(segment, 1, 2);
  slot.taken.store(1);
  CHECK(shm::expect(slot));
  REQUIRE(shm::reap(*segment, slot, test::owner(1)));
  CHECK(slot.taken == 0);
  CHECK(slot.expected == 0);
  CHECK(slot.takes_over == 0);
  CHECK(slot.claimed_most == 0);
}

TEST_CASE("many threads expect no more than there is room for") {
  const test::SharedSegment segment;
  auto& slot = child(segment, 1, 100);
  std::atomic<int> got{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 1000; ++turn) {
        if (shm::expect(slot)) ++got;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(got <= 100);
  CHECK(slot.expected == static_cast<std::uint32_t>(got));
}
