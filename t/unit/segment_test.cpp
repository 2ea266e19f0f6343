#include "mod_wsflow/shm/segment.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <set>
#include <type_traits>

#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;

static_assert(std::is_standard_layout_v<shm::Layout>);
static_assert(sizeof(shm::ProcessSlot) % 64 == 0 && alignof(shm::ProcessSlot) == 64,
              "two processes never write to one cache line");
static_assert(offsetof(shm::Layout, slot) % 64 == 0);

TEST_CASE("a fresh segment is compatible and empty", "[segment]") {
  const test::SharedSegment segment;
  CHECK(shm::compatible(*segment));
  const auto snapshot = shm::snapshot(*segment);
  CHECK(snapshot.processes.empty());
  for (const auto sum : snapshot.sums) CHECK(sum == 0);
}

TEST_CASE("a segment of another module version is refused", "[segment]") {
  const test::SharedSegment segment;
  SECTION("magic") {
    segment->magic ^= 1;
  }
  SECTION("version") {
    ++segment->version;
  }
  SECTION("number of slots") {
    --segment->slots;
  }
  CHECK_FALSE(shm::compatible(*segment));
}

TEST_CASE("a claimed slot shows its process", "[segment]") {
  const test::SharedSegment segment;
  auto* slot = shm::claim(*segment, 4711, 3, 1700000000);
  REQUIRE(slot != nullptr);
  slot->active = 5;
  slot->active_worker = 2;
  slot->max_tunnels = 9000;
  slot->counters[0] = 7;
  slot->counters[shm::kCounterCapacity - 1] = 8;

  const auto snapshot = shm::snapshot(*segment);
  REQUIRE(snapshot.processes.size() == 1);
  const auto& view = snapshot.processes[0];
  CHECK(view.pid == 4711);
  CHECK(view.generation == 3);
  CHECK(view.started == 1700000000);
  CHECK(view.active == 5);
  CHECK(view.active_worker == 2);
  CHECK(view.max_tunnels == 9000);
  CHECK(view.counters[0] == 7);
  CHECK(snapshot.sums[0] == 7);
  CHECK(snapshot.sums[shm::kCounterCapacity - 1] == 8);
}

TEST_CASE("each claim gets a slot of its own until none is left", "[segment]") {
  const test::SharedSegment segment;
  std::set<shm::ProcessSlot*> slots;
  for (std::uint32_t pid = 1; pid <= shm::kSlots; ++pid) slots.insert(shm::claim(*segment, pid, 0, 0));
  CHECK(slots.size() == shm::kSlots);
  CHECK(slots.count(nullptr) == 0);
  CHECK(shm::claim(*segment, 100000, 0, 0) == nullptr);
  REQUIRE(shm::fold(*segment, 17));
  CHECK(shm::claim(*segment, 100000, 0, 0) != nullptr);
}

TEST_CASE("folding keeps the counters, forgets the process and frees its slot", "[segment]") {
  const test::SharedSegment segment;
  auto* first = shm::claim(*segment, 11, 1, 100);
  auto* second = shm::claim(*segment, 12, 1, 100);
  first->counters[4] = 10;
  first->active = 3;
  first->active_worker = 1;
  first->max_tunnels = 50;
  second->counters[4] = 5;
  REQUIRE(shm::fold(*segment, 11));

  const auto after = shm::snapshot(*segment);
  REQUIRE(after.processes.size() == 1);
  CHECK(after.processes[0].pid == 12);
  CHECK(after.sums[4] == 15);

  auto* reused = shm::claim(*segment, 13, 2, 200);
  CHECK(reused == first);
  CHECK(reused->counters[4] == 0);
  CHECK(reused->active == 0);
  CHECK(reused->active_worker == 0);
  CHECK(reused->max_tunnels == 0);
  CHECK(shm::snapshot(*segment).sums[4] == 15);
}

TEST_CASE("a process without a slot cannot be folded, and none is folded twice", "[segment]") {
  const test::SharedSegment segment;
  shm::claim(*segment, 11, 1, 100)->counters[0] = 1;
  CHECK_FALSE(shm::fold(*segment, 99));
  CHECK(shm::fold(*segment, 11));
  CHECK_FALSE(shm::fold(*segment, 11));
  CHECK(shm::snapshot(*segment).sums[0] == 1);
}

TEST_CASE("a fold that never ended does not keep a reader waiting", "[segment]") {
  const test::SharedSegment segment;
  shm::claim(*segment, 11, 1, 100)->counters[0] = 1;
  segment->fold_sequence = 7;
  CHECK(shm::snapshot(*segment).sums[0] == 1);
}
