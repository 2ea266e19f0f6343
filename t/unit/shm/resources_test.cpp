#include "mod_wsflow/shm/resources.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <vector>

#include "mod_wsflow/shm/reaper.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;
using test::owner;

namespace {

using Keys = std::vector<std::uint64_t>;
using Places = std::vector<std::optional<std::uint32_t>>;

// So many keys that all want the same place.
Keys many(std::size_t count, std::uint64_t first) {
  Keys keys;
  for (std::uint64_t i = 0; i < count; ++i) keys.push_back(first + i * shm::kResources * 1000);
  return keys;
}

std::size_t found(const Places& places) {
  std::set<std::uint32_t> all;
  for (const auto& place : places) {
    if (place) all.insert(*place);
  }
  CHECK((all.empty() || *all.rbegin() < shm::kResources));
  return all.size();
}

auto name(shm::Layout& layout, std::span<const std::uint64_t> keys, std::uint32_t generation) {
  return shm::name_resources(layout, shm::used_slots(layout, layout.slot_capacity), keys, generation);
}

}  // namespace

TEST_CASE("a key has one resource in all configurations, and the table has an end", "[resources]") {
  const test::SharedSegment segment;
  auto keys = many(shm::kResources, 5);
  const auto places = name(*segment, keys, 0);
  CHECK(places[0] == 5);
  CHECK(found(places) == shm::kResources);
  CHECK(name(*segment, keys, 1) == places);
  keys.insert(keys.begin(), 4);
  auto more = name(*segment, keys, 2);
  CHECK_FALSE(more.front());
  more.erase(more.begin());
  CHECK(more == places);
}

TEST_CASE("a resource that nobody names, holds or knows makes room", "[resources]") {
  const test::SharedSegment segment;
  const auto old = many(shm::kResources, 5);
  const auto places = name(*segment, old, 3);
  const Keys next{old[1], 7, 8};
  SECTION("nobody uses any") {
    const auto now = name(*segment, next, 4);
    CHECK(now[0] == places[1]);
    CHECK(found(now) == 3);
    // Found where they are, although others want these places.
    CHECK(name(*segment, next, 5) == now);
    CHECK(found(name(*segment, many(shm::kResources, 5), 6)) == shm::kResources);
  }
  SECTION("a child of that configuration still takes requests") {
    auto* child = shm::claim(*segment, owner(11), 3, 0);
    CHECK(found(name(*segment, next, 4)) == 1);
    REQUIRE(shm::transfer(*child, owner(11), owner(12), shm::ProcessKind::keeper));
    CHECK(found(name(*segment, next, 4)) == 3);
  }
  SECTION("a child of a newer one does not know it") {
    shm::claim(*segment, owner(11), 4, 0);
    CHECK(found(name(*segment, next, 5)) == 3);
  }
  SECTION("a keeper has tunnels of all but one") {
    auto* keeper = shm::claim(*segment, owner(11), 3, 0);
    REQUIRE(shm::transfer(*keeper, owner(11), owner(12), shm::ProcessKind::keeper));
    for (const auto& place : places) keeper->held[*place] = 1;
    keeper->held[77] = 0;
    const auto now = name(*segment, next, 4);
    CHECK(now[0] == places[1]);
    CHECK(now[1] == 77);
    CHECK_FALSE(now[2]);
  }
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
  REQUIRE(shm::reap(*segment, *second, owner(12)));
  CHECK(shm::held(*segment, 3) == 4);
  CHECK(shm::held(*segment, 4) == 0);
  CHECK(shm::transfer(*first, owner(11), owner(13), shm::ProcessKind::keeper));
  CHECK(shm::held(*segment, 3) == 4);
}
