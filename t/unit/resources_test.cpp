#include "mod_wsflow/shm/resources.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <thread>
#include <vector>

#include "mod_wsflow/shm/fold.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;
using test::owner;

TEST_CASE("a key has one resource, and the table has an end", "[resources]") {
  const test::SharedSegment segment;
  std::set<std::uint32_t> all;
  for (std::uint64_t i = 0; i < shm::kResources; ++i) {
    const auto key = 5 + i * shm::kResources * 1000;  // all want the same place
    const auto found = shm::resource(*segment, key);
    REQUIRE(found);
    CHECK(shm::resource(*segment, key) == found);
    all.insert(*found);
  }
  CHECK(all.size() == shm::kResources);
  CHECK(*all.rbegin() == shm::kResources - 1);
  CHECK_FALSE(shm::resource(*segment, 4));
  CHECK(shm::resource(*segment, 5) == 5);
  CHECK_FALSE(shm::resource(*segment, 0));
}

TEST_CASE("what is held is the sum of all living owners", "[resources]") {
  const test::SharedSegment segment;
  auto* first = shm::claim(*segment, owner(11), 1, 0);
  auto* second = shm::claim(*segment, owner(12), 1, 0);
  first->held[3] = 4;
  second->held[3] = 5;
  second->held[4] = 1;
  CHECK(shm::held(*segment, 3) == 9);
  CHECK(shm::held(*segment, 4) == 1);
  CHECK(shm::held(*segment, 5) == 0);
  REQUIRE(shm::reclaim(*segment, *second, owner(12)));
  CHECK(shm::held(*segment, 3) == 4);
  CHECK(shm::held(*segment, 4) == 0);
  CHECK(shm::transfer(*first, owner(11), owner(13), shm::ProcessKind::keeper));
  CHECK(shm::held(*segment, 3) == 4);
}

TEST_CASE("threads that ask for the same keys get the same resources", "[resources]") {
  const test::SharedSegment segment;
  constexpr std::size_t kKeys = 100;
  std::vector<std::vector<std::uint32_t>> found(4);
  std::vector<std::thread> threads;
  for (auto& mine : found) {
    threads.emplace_back([&] {
      for (std::uint64_t key = 1; key <= kKeys; ++key) mine.push_back(*shm::resource(*segment, key * 7919));
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& mine : found) CHECK(mine == found[0]);
  CHECK(std::set<std::uint32_t>(found[0].begin(), found[0].end()).size() == kKeys);
}
