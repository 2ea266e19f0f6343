// All that the parent runs on a segment in which a child has written whatever it liked.
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "mod_wsflow/os/member.hpp"
#include "mod_wsflow/os/pids.hpp"
#include "mod_wsflow/shm/keepers.hpp"
#include "mod_wsflow/shm/resources.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;

namespace {

template <class Fill>
void fill(shm::Layout& layout, shm::Capacity capacity, Fill&& next) {
  auto* words = reinterpret_cast<std::uint64_t*>(&layout);
  // The limits and rows, which the parent does not touch at all, as well.
  const auto count = shm::bytes(capacity) / sizeof(std::uint64_t);
  for (std::size_t i = 0; i < count; ++i) words[i] = next();
}

// As httpd/process/shared_segment, httpd/lifecycle/parent and httpd/housekeeping/origin_load do at a reload,
// at the end of a child and at a stop.
void run_the_parent(shm::Layout& layout, shm::Capacity capacity) {
  shm::compatible(layout, test::kFingerprint);
  layout.generation.store(7);
  const auto slots = shm::used_slots(layout, capacity.slots);
  CHECK(slots.size() <= capacity.slots);
  const auto named = shm::named_keepers(slots);
  CHECK(named.size() <= capacity.slots);
  const std::vector<uid_t> users{::getuid()};
  for (const auto& owner : named) {
    const os::NamedProcess process{.pid = static_cast<pid_t>(owner.pid()), .ticks = owner.ticks()};
    os::is_own_child(process.pid);
    // Were one of them by chance a process of this test's group, it would be one.
    CHECK_FALSE(os::is_member(process, users));
    CHECK_FALSE(os::send_to_member(process, users, os::EndSignal::kill));
  }
  std::vector<std::uint64_t> keys;
  for (std::uint64_t key = 1; key <= 2 * shm::kResources; ++key) keys.push_back(key * 7919);
  for (const auto& resource : shm::name_resources(layout, slots, keys, 7, 5)) {
    if (!resource) continue;
    CHECK(*resource < shm::kResources);
    shm::held(slots, *resource);
  }
}

}  // namespace

TEST_CASE("the parent survives a segment full of garbage, and signals nobody", "[garbage]") {
  const test::SharedSegment segment(16, 1024);
  auto& layout = *segment;
  const auto capacity = segment.capacity();
  SECTION("ones") {
    fill(layout, capacity, [] { return ~std::uint64_t{0}; });
  }
  SECTION("zeros") {
    fill(layout, capacity, [] { return std::uint64_t{0}; });
  }
  SECTION("numbers at random") {
    std::mt19937_64 random(GENERATE(1U, 2U, 3U, 4U, 5U));
    fill(layout, capacity, [&random] { return random(); });
  }
  SECTION("small numbers") {
    std::mt19937_64 random(6);
    fill(layout, capacity, [&random] { return random() % 3; });
  }
  run_the_parent(layout, capacity);
}

TEST_CASE("a child that names others as keepers turns the parent against nobody", "[garbage]") {
  const test::SharedSegment segment(16, 1024);
  test::ChildProcess stranger([]() -> bool {
    if (::setpgid(0, 0) != 0) return false;
    test::wait_to_be_killed();
  });
  ::setpgid(stranger.pid(), stranger.pid());
  const pid_t victims[] = {stranger.pid(), ::getpid(), 1, ::getppid()};
  std::size_t number = 0;
  for (const auto pid : victims) {
    auto& slot = shm::slots(*segment)[number++];
    slot.owner = shm::Owner::of(pid).word;
    slot.kind = static_cast<std::uint32_t>(shm::ProcessKind::keeper);
  }
  segment->slots_seen = UINT32_MAX;
  segment->slot_capacity = UINT32_MAX;
  const auto named = shm::named_keepers(shm::used_slots(*segment, segment.capacity().slots));
  CHECK(named.size() == std::size(victims));
  // Not this test's own parent, which may be of its group: as if httpd ran its children as somebody else.
  const std::vector<uid_t> users{::getuid() + 1};
  for (const auto& owner : named) {
    const os::NamedProcess process{.pid = static_cast<pid_t>(owner.pid()), .ticks = owner.ticks()};
    CHECK_FALSE(os::send_to_member(process, users, os::EndSignal::kill));
  }
  CHECK_FALSE(os::gone(stranger.pid(), 0));
}
