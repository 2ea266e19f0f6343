#include "mod_wsflow/shm/resources.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <vector>

#include "mod_wsflow/base/slow_start.hpp"
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

auto name(shm::Layout& layout, std::span<const std::uint64_t> keys, std::uint32_t generation,
          std::int64_t since = 5) {
  return shm::name_resources(layout, shm::used_slots(layout, layout.slot_capacity), keys, generation, since);
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

TEST_CASE("requests in work are load, and go with their process", "[resources]") {
  const test::SharedSegment segment;
  auto* first = shm::claim(*segment, owner(11), 1, 0);
  auto* second = shm::claim(*segment, owner(12), 1, 0);
  first->held[3] = 4;
  first->in_work[3] = 2;
  second->in_work[3] = 5;
  CHECK(shm::load(*segment, 3) == 11);
  CHECK(shm::held(*segment, 3) == 4);
  REQUIRE(shm::reap(*segment, *second, owner(12)));
  CHECK(shm::load(*segment, 3) == 6);
  CHECK(second->in_work[3] == 0);
}

TEST_CASE("a member that a reload adds comes into use with it", "[resources]") {
  const test::SharedSegment segment;
  const auto since = [&](std::optional<std::uint32_t> place) { return segment->in_use_since[*place].load(); };
  const auto first = name(*segment, Keys{1, 2}, 0, base::kAlwaysInUse);
  CHECK(since(first[0]) == base::kAlwaysInUse);
  const auto second = name(*segment, Keys{1, 3}, 1, 1000);
  CHECK(since(second[0]) == base::kAlwaysInUse);
  CHECK(since(second[1]) == 1000);
  // It stays as it is with the next one; what was left out in between is new again.
  const auto third = name(*segment, Keys{1, 3, 2}, 2, 2000);
  CHECK(since(third[0]) == base::kAlwaysInUse);
  CHECK(since(third[1]) == 1000);
  CHECK(since(third[2]) == 2000);
  segment->in_use_since[*third[0]] = base::kOutOfUse;
  const auto fourth = name(*segment, Keys{1, 3, 2}, 3, 3000);
  CHECK(since(fourth[0]) == base::kOutOfUse);
  // A start without tunnels.
  for (const auto& place : name(*segment, Keys{1, 3, 2, 4}, 4, base::kAlwaysInUse))
    CHECK(since(place) == base::kAlwaysInUse);
}

TEST_CASE("what other nodes have is known for a time", "[resources]") {
  const test::SharedSegment segment;
  CHECK(shm::elsewhere(*segment, 3, 0) == 0);
  shm::set_elsewhere(*segment, 3, 40'000'000, 10'500);
  CHECK(shm::elsewhere(*segment, 3, 10'499) == 40'000'000);
  CHECK(shm::elsewhere(*segment, 3, 11'000) == 0);
  CHECK(shm::elsewhere(*segment, 4, 0) == 0);
  shm::set_elsewhere(*segment, 3, 7, 20'000);
  CHECK(shm::elsewhere(*segment, 3, 12'000) == 7);
  SECTION("not of another resource that gets its place") {
    name(*segment, Keys{3}, 0);
    shm::set_elsewhere(*segment, 3, 7, 20'000);
    name(*segment, Keys{3}, 1);
    CHECK(shm::elsewhere(*segment, 3, 12'000) == 7);
    name(*segment, many(shm::kResources, 3), 2);
    name(*segment, many(shm::kResources, shm::kResources + 3), 4);
    CHECK(shm::elsewhere(*segment, 3, 12'000) == 0);
  }
}
