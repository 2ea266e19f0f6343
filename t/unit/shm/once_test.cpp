#include "mod_wsflow/shm/once.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <thread>

using wsflow::shm::first_in_generation;

TEST_CASE("each reason is new once in a generation", "[once]") {
  std::atomic<std::uint64_t> told{0};
  CHECK(first_in_generation(told, 0, 1));
  CHECK_FALSE(first_in_generation(told, 0, 1));
  CHECK(first_in_generation(told, 0, 0x80000000));
  CHECK_FALSE(first_in_generation(told, 0, 0x80000000));
  CHECK(first_in_generation(told, 1, 1));
  CHECK_FALSE(first_in_generation(told, 1, 1));
  CHECK(first_in_generation(told, 1, 0x80000000));
}

TEST_CASE("a process of an older generation takes nothing from the newest", "[once]") {
  std::atomic<std::uint64_t> told{0};
  CHECK(first_in_generation(told, 7, 1));
  CHECK_FALSE(first_in_generation(told, 6, 2));
  CHECK_FALSE(first_in_generation(told, 7, 1));
  CHECK(first_in_generation(told, 7, 2));
}

TEST_CASE("of many that ask at once one is the first", "[once]") {
  std::atomic<std::uint64_t> told{0};
  std::atomic<int> firsts{0};
  {
    std::array<std::jthread, 4> threads;
    for (auto& thread : threads) {
      thread = std::jthread([&] {
        for (std::uint32_t generation = 1; generation <= 1000; ++generation) {
          if (first_in_generation(told, generation, 1U << generation % 32U)) ++firsts;
        }
      });
    }
  }
  CHECK(firsts >= 1);
  CHECK(firsts <= 1000);
  CHECK_FALSE(first_in_generation(told, 1000, 1U << 1000 % 32U));
}
