#include "mod_wsflow/tunnel/slot_pool.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <set>
#include <thread>
#include <vector>

using wsflow::tunnel::SlotPool;

namespace {
constexpr std::size_t kSize = 256;
}

TEST_CASE("slots are aligned, apart, and fill their block but for its head", "[slot_pool]") {
  SlotPool pool(kSize);
  REQUIRE(pool.slots_in_block() == 255);
  std::set<std::uintptr_t> places;
  std::vector<void*> slots;
  for (std::size_t i = 0; i < pool.slots_in_block(); ++i) {
    slots.push_back(pool.take());
    std::memset(slots.back(), 0xA5, kSize);
    places.insert(reinterpret_cast<std::uintptr_t>(slots.back()));
  }
  CHECK(pool.blocks() == 1);
  CHECK(places.size() == pool.slots_in_block());
  CHECK(*places.rbegin() - *places.begin() == (pool.slots_in_block() - 1) * kSize);
  CHECK(std::all_of(places.begin(), places.end(), [](auto at) { return at % SlotPool::kAlignment == 0; }));
  slots.push_back(pool.take());
  CHECK(pool.blocks() == 2);
  for (auto* slot : slots) SlotPool::give_back(slot);
}

TEST_CASE("a slot that came back is used again, before another block", "[slot_pool]") {
  SlotPool pool(kSize);
  std::vector<void*> slots;
  for (std::size_t i = 0; i < 2 * pool.slots_in_block(); ++i) slots.push_back(pool.take());
  auto* const back = slots[7];
  SlotPool::give_back(back);
  CHECK(pool.take() == back);
  CHECK(pool.blocks() == 2);
  for (auto* slot : slots) SlotPool::give_back(slot);
}

TEST_CASE("empty blocks go back, all but the last with room", "[slot_pool]") {
  SlotPool pool(kSize);
  std::vector<void*> slots;
  for (std::size_t i = 0; i < 10 * pool.slots_in_block(); ++i) slots.push_back(pool.take());
  REQUIRE(pool.blocks() == 10);
  std::shuffle(slots.begin(), slots.end(), std::minstd_rand(1));
  auto* const last = slots.back();
  slots.pop_back();
  for (auto* slot : slots) SlotPool::give_back(slot);
  CHECK(pool.blocks() == 1);
  SlotPool::give_back(last);
  CHECK(pool.blocks() == 1);
  SlotPool::give_back(pool.take());
  CHECK(pool.blocks() == 1);
}

TEST_CASE("two threads take and give back each other's slots", "[slot_pool]") {
  SlotPool pool(kSize);
  std::vector<void*> given(20'000);
  std::atomic<std::size_t> ready{0};
  std::thread taker([&] {
    for (auto& slot : given) {
      slot = pool.take();
      *static_cast<void**>(slot) = slot;
      ready.fetch_add(1, std::memory_order_release);
    }
  });
  std::size_t intact = 0;
  for (std::size_t i = 0; i < given.size(); ++i) {
    while (ready.load(std::memory_order_acquire) <= i) std::this_thread::yield();
    if (*static_cast<void**>(given[i]) == given[i]) ++intact;
    SlotPool::give_back(given[i]);
  }
  taker.join();
  CHECK(intact == given.size());
  CHECK(pool.blocks() <= 1);
}
