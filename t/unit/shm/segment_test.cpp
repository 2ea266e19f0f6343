#include "mod_wsflow/shm/segment.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <type_traits>

#include "mod_wsflow/shm/reaper.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;
using test::owner;

namespace {

// Addresses that this process has taken.
[[maybe_unused]] std::size_t mapped_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

static_assert(std::is_standard_layout_v<shm::ProcessSlot> && std::is_standard_layout_v<shm::TunnelRow>);
static_assert(sizeof(shm::ProcessSlot) % 64 == 0 && alignof(shm::ProcessSlot) == 64,
              "two processes never count in one cache line");
static_assert(offsetof(shm::ProcessSlot, active) % 64 == 0 && offsetof(shm::ProcessSlot, held) % 64 == 0);
static_assert(sizeof(shm::Layout) % 64 == 0 && alignof(shm::Layout) == 64);
static_assert(offsetof(shm::Layout, magic) == 0 && offsetof(shm::Layout, fingerprint) == 8,
              "every build looks here for what it is");

TEST_CASE("a fresh segment is compatible and empty", "[segment]") {
  const test::SharedSegment segment;
  CHECK(shm::compatible(*segment, test::kFingerprint));
  const auto snapshot = shm::snapshot(*segment);
  CHECK(snapshot.processes.empty());
  for (const auto sum : snapshot.sums) CHECK(sum == 0);
}

TEST_CASE("a segment of another build is refused", "[segment]") {
  const test::SharedSegment segment;
  SECTION("magic") {
    segment->magic ^= 1;
  }
  SECTION("lower half of the fingerprint") {
    segment->fingerprint ^= 1;
  }
  SECTION("upper half of the fingerprint") {
    segment->fingerprint ^= std::uint64_t{1} << 63U;
  }
  CHECK_FALSE(shm::compatible(*segment, test::kFingerprint));
}

TEST_CASE("the parts of a segment do not overlap and end where it ends", "[segment]") {
  const test::SharedSegment segment;
  const auto address = [](const void* place) { return reinterpret_cast<std::uintptr_t>(place); };
  const auto slots = shm::slots(*segment);
  const auto heads = shm::page_heads(*segment);
  const auto rows = shm::rows(*segment);
  CHECK(address(slots.data()) == address(&*segment) + sizeof(shm::Layout));
  CHECK(address(heads.data()) == address(slots.data() + slots.size()));
  CHECK(address(rows.data()) == address(heads.data() + heads.size()));
  CHECK(rows.size() == heads.size() * shm::kPageRows);
  const auto& labels = shm::label_table(*segment);
  CHECK(address(&labels) == address(rows.data() + rows.size()));
  const auto& limits = shm::limits_table(*segment);
  CHECK(address(&limits) == address(&labels + 1));
  CHECK(address(&limits) % alignof(limits::Table) == 0);
  const auto users = shm::row_users(*segment);
  CHECK(address(users.data()) == address(&limits + 1));
  CHECK(users.size() == rows.size());
  CHECK(address(users.data() + users.size()) - address(&*segment) ==
        shm::bytes({slots.size(), heads.size()}));
  // Fresh pages are mapped to the last.
  CHECK(limits.permits[limits::kPermits - 1].state == 0);
}

TEST_CASE("a claimed slot shows its process", "[segment]") {
  const test::SharedSegment segment;
  auto* slot = shm::claim(*segment, owner(4711), 3, 1700000000);
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
  CHECK(view.kind == shm::ProcessKind::child);
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
  const test::SharedSegment segment(8);
  std::set<shm::ProcessSlot*> slots;
  // This process lives: claiming may reap only the dead.
  for (int i = 0; i < 8; ++i) slots.insert(shm::claim(*segment, shm::Owner::self(), 0, 0));
  CHECK(slots.size() == 8);
  CHECK(slots.count(nullptr) == 0);
  CHECK(shm::claim(*segment, shm::Owner::self(), 0, 0) == nullptr);
  REQUIRE(shm::reap(*segment, **slots.begin(), shm::Owner::self()));
  CHECK(shm::claim(*segment, shm::Owner::self(), 0, 0) == *slots.begin());
}

TEST_CASE("when all slots are taken, those of the dead are free", "[segment]") {
  const test::SharedSegment segment(2);
  CHECK(shm::claim(*segment, shm::Owner::self(), 0, 0) != nullptr);
  auto* dead = shm::claim(*segment, shm::Owner::make(shm::Owner::self().pid(), 1), 0, 0);
  CHECK(shm::claim(*segment, shm::Owner::self(), 0, 0) == dead);
}

TEST_CASE("a segment is no larger than its commit word can number", "[segment]") {
  shm::Capacity capacity{1'000'000, 1'000'000};
  auto* layout = shm::map_segment(capacity, test::kFingerprint);
  REQUIRE(layout != nullptr);
  CHECK(capacity.slots == shm::kMaxSlots);
  CHECK(capacity.pages == shm::kMaxPages);
  CHECK(layout->slot_capacity == capacity.slots);
  CHECK(layout->page_capacity == capacity.pages);
  shm::unmap_segment(*layout, capacity);
}

TEST_CASE("where there is little room, slots stay rather than rows", "[segment]") {
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
  test::ChildProcess child([] {
    const auto room = shm::bytes(shm::kLeastCapacity) + (std::size_t{4} << 20U);
    // Of what is mapped already nothing goes.
    const rlimit limit{.rlim_cur = room + mapped_bytes(), .rlim_max = RLIM_INFINITY};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) return false;
    auto capacity = shm::kUsualCapacity;
    return shm::map_segment(capacity, test::kFingerprint) != nullptr &&
           capacity.slots >= shm::kLeastCapacity.slots && capacity.pages < shm::kMaxPages;
  });
  CHECK(child.ended_well());
#endif
}

TEST_CASE("a keeper takes over the slot with all that is in it, once", "[segment]") {
  const test::SharedSegment segment;
  auto* slot = shm::claim(*segment, owner(11), 3, 100);
  slot->counters[4] = 10;
  slot->held[7] = 2;
  CHECK_FALSE(shm::transfer(*slot, owner(12), owner(13), shm::ProcessKind::keeper));
  CHECK(shm::transfer(*slot, owner(11), owner(13), shm::ProcessKind::keeper));
  CHECK(shm::transfer(*slot, owner(11), owner(13), shm::ProcessKind::keeper));
  CHECK_FALSE(shm::transfer(*slot, owner(11), owner(14), shm::ProcessKind::keeper));

  const auto snapshot = shm::snapshot(*segment);
  REQUIRE(snapshot.processes.size() == 1);
  CHECK(snapshot.processes[0].pid == 13);
  CHECK(snapshot.processes[0].kind == shm::ProcessKind::keeper);
  CHECK(snapshot.processes[0].generation == 3);
  CHECK(snapshot.sums[4] == 10);
  CHECK(slot->held[7] == 2);
  CHECK_FALSE(shm::reap(*segment, *slot, owner(11)));
  CHECK(shm::reap(*segment, *slot, owner(13)));
  CHECK_FALSE(shm::transfer(*slot, owner(13), owner(14), shm::ProcessKind::keeper));
  CHECK_FALSE(shm::transfer(*slot, shm::Owner{}, owner(14), shm::ProcessKind::keeper));
}

TEST_CASE("an owner is a pid and a time in one word", "[segment]") {
  const auto some = shm::Owner::make((1U << 22U) - 1, (std::uint64_t{1} << 42U) - 1);
  CHECK(some.pid() == (1U << 22U) - 1);
  CHECK(some.ticks() == (std::uint64_t{1} << 42U) - 1);
  CHECK(shm::Owner::make(5, 6) != shm::Owner::make(5, 7));
  CHECK(shm::Owner{}.pid() == 0);
  CHECK_FALSE(shm::Owner::self().gone());
  CHECK(shm::Owner::make(shm::Owner::self().pid(), 1).gone());
  CHECK(shm::kEnded.gone());
}
