#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>
#include <vector>

#include "mod_wsflow/shm/reaper.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;

namespace {

constexpr std::uint64_t kAdds = 20000;

}  // namespace

TEST_CASE("forked processes count into one segment, and nothing is lost when they are reaped", "[segment]") {
  const test::SharedSegment segment;
  constexpr int kProcesses = 6;
  std::vector<test::ChildProcess> children;
  for (int i = 0; i < kProcesses; ++i) {
    children.emplace_back([&] {
      auto* slot = shm::claim(*segment, shm::Owner::self(), 1, 0);
      if (slot == nullptr) return false;
      for (std::uint64_t add = 0; add < kAdds; ++add) {
        slot->counters[0].fetch_add(1, std::memory_order_relaxed);
        slot->counters[1].fetch_add(2, std::memory_order_relaxed);
      }
      return true;
    });
  }
  for (auto& child : children) CHECK(child.ended_well());
  CHECK(shm::reap_all(*segment) == kProcesses);
  const auto snapshot = shm::snapshot(*segment);
  CHECK(snapshot.processes.empty());
  CHECK(snapshot.sums[0] == kProcesses * kAdds);
  CHECK(snapshot.sums[1] == 2 * kProcesses * kAdds);
}

TEST_CASE("threads that claim at the same time never share a slot", "[segment]") {
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kEach = 50;
  const test::SharedSegment segment(kThreads * kEach);
  std::array<std::vector<shm::ProcessSlot*>, kThreads> claimed;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&segment, &mine = claimed[i], i] {
      for (std::size_t n = 0; n < kEach; ++n) {
        mine.push_back(
            shm::claim(*segment, test::owner(static_cast<std::uint32_t>(1 + i * kEach + n)), 0, 0));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<shm::ProcessSlot*> all;
  for (const auto& mine : claimed) all.insert(mine.begin(), mine.end());
  CHECK(all.size() == kThreads * kEach);
  CHECK(all.count(nullptr) == 0);
}

TEST_CASE("a reader never sees a reaped process twice or not at all", "[segment]") {
  const test::SharedSegment segment;
  constexpr std::uint32_t kRounds = 300;
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> looks{0};
  // Every process has counted 1 before it is reaped, and the test never lets more than one be uncounted.
  std::atomic<std::uint32_t> counted{0};
  std::thread reader([&] {
    while (!done) {
      const auto least = counted.load();
      const auto sum = shm::snapshot(*segment).sums[0];
      const auto most = counted.load() + 1;
      if (sum < least || sum > most) ++wrong;
      ++looks;
    }
  });
  for (std::uint32_t pid = 1; pid <= kRounds; ++pid) {
    auto* slot = shm::claim(*segment, test::owner(pid), 0, 0);
    slot->counters[0].fetch_add(1);
    ++counted;
    shm::reap(*segment, *slot, test::owner(pid));
    const auto seen = looks.load();
    while (pid % 50 == 0 && looks.load() == seen) std::this_thread::yield();
  }
  done = true;
  reader.join();
  CHECK(wrong == 0);
  CHECK(looks > 0);
  CHECK(shm::snapshot(*segment).sums[0] == kRounds);
}
