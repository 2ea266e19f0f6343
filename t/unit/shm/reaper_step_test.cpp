#include <catch2/catch.hpp>
#include <cstring>

#include "mod_wsflow/shm/reaper.hpp"
#include "t/unit/support/dead_process.hpp"
#include "t/unit/support/step_through.hpp"

#ifdef WSFLOW_STEPS

// A reaper, instruction by instruction: at each one a reader looks, and a copy of the segment shows what
// would be if the process were killed there.

using namespace wsflow;

namespace {

// Makes `to` what `from` is, in all that the test uses but the lock, whose holder is dead; whether that was
// news.
bool copy(shm::Layout& to, const shm::Layout& from) {
  const auto copy_part = [&](std::size_t begin, std::size_t end) {
    auto* target = reinterpret_cast<std::byte*>(&to) + begin;
    const auto* source = reinterpret_cast<const std::byte*>(&from) + begin;
    if (std::memcmp(target, source, end - begin) == 0) return false;
    std::memcpy(target, source, end - begin);
    return true;
  };
  const auto heads = sizeof(shm::Layout) + shm::slots(from).size_bytes();
  const bool news[] = {
      copy_part(0, offsetof(shm::Layout, lock)),
      copy_part(offsetof(shm::Layout, commit), sizeof(shm::Layout) + 2 * sizeof(shm::ProcessSlot)),
      copy_part(heads, heads + 4 * sizeof(shm::PageHead))};
  return news[0] || news[1] || news[2];
}

// The next processes: one claims a slot and counts, another reaps.
bool recovers(shm::Layout& layout) {
  if (!test::counted_once(layout)) return false;
  auto* mine = shm::claim(layout, shm::Owner::self(), 8, 9);
  if (mine == nullptr) return false;
  mine->counters[test::kSome + 1] = 7;
  mine->held[test::kHeld + 1] = 3;
  shm::reap_all(layout);
  const bool kept = mine->owner == shm::Owner::self().word && mine->generation == 8 &&
                    mine->counters[test::kSome + 1] == 7 && mine->held[test::kHeld + 1] == 3 &&
                    shm::snapshot(layout).sums[test::kSome + 1] == 7;
  return kept && shm::reap(layout, *mine, shm::Owner::self()) && test::reaped(layout);
}

}  // namespace

TEST_CASE("a reaper may be killed at any instruction", "[reap]") {
  const test::SharedSegment segment;
  const test::SharedSegment last;
  const test::SharedSegment killed;
  auto& slot = test::dead_process(*segment);
  std::uint64_t states = 0;
  std::uint64_t seen_wrong = 0;
  std::uint64_t left_wrong = 0;
  const bool ended = test::step_through([&] { return shm::reap(*segment, slot, test::owner(12)); },
                                        [&] {
                                          if (!copy(*last, *segment)) return;
                                          ++states;
                                          if (!test::counted_once(*segment)) ++seen_wrong;
                                          copy(*killed, *segment);
                                          if (!recovers(*killed)) ++left_wrong;
                                        });
  REQUIRE(ended);
  // Each of them stands for a kill at any instruction up to the next.
  CHECK(states > 15);
  CHECK(seen_wrong == 0);
  CHECK(left_wrong == 0);
  CHECK(test::reaped(*segment));
}

#endif
