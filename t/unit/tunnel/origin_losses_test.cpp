#include "mod_wsflow/tunnel/origin_losses.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace wsflow;
using base::Instant;
using base::Millis;
using tunnel::OriginLosses;

namespace {
constexpr Millis kSpread{5000};
constexpr std::uint32_t kLast = UINT32_MAX;  // the longest delay there may be
}  // namespace

TEST_CASE("the client of a single lost tunnel is told at once", "[origin_losses]") {
  OriginLosses losses;
  Instant now{Millis(1'000'000)};
  for (int i = 0; i < 5; ++i) {
    CHECK(losses.delay(1, now, kSpread, kLast).count() == 0);
    now += Millis(100);
  }
}

TEST_CASE("each further loss of an origin stretches the time, up to the spread", "[origin_losses]") {
  OriginLosses losses;
  const Instant now{Millis(1'000'000)};
  CHECK(losses.delay(7, now, kSpread, kLast).count() == 0);
  CHECK(losses.delay(7, now, kSpread, kLast).count() == 99);
  CHECK(losses.delay(7, now, kSpread, kLast).count() == 199);
  for (int i = 0; i < 1000; ++i) CHECK(losses.delay(7, now, kSpread, kLast) < kSpread);
  CHECK(losses.delay(7, now, kSpread, kLast).count() == 4999);
  CHECK(losses.delay(7, now, kSpread, 0).count() == 0);
  CHECK(losses.delay(7, now, Millis(0), kLast).count() == 0);
}

TEST_CASE("origins do not count for each other, and losses are forgotten", "[origin_losses]") {
  OriginLosses losses;
  const Instant now{Millis(1'000'000)};
  for (int i = 0; i < 100; ++i) losses.delay(1, now, kSpread, 0);
  CHECK(losses.delay(2, now, kSpread, kLast).count() == 0);
  CHECK(losses.delay(1, now + Millis(50), kSpread, kLast).count() > 4000);
  CHECK(losses.delay(1, now + Millis(160), kSpread, kLast).count() == 0);
  // More origins than it keeps: those that lost least lately make room.
  for (std::uint32_t origin = 10; origin < 26; ++origin)
    losses.delay(origin, now + Millis(170), kSpread, kLast);
  CHECK(losses.delay(1, now + Millis(170), kSpread, kLast).count() == 0);
}

TEST_CASE("a thousand are told evenly over the spread", "[origin_losses]") {
  OriginLosses losses;
  std::mt19937 random(1);  // NOLINT: the same in each run
  std::vector<unsigned> in_second(5);
  for (int i = 0; i < 1000; ++i) {
    const auto delay =
        losses.delay(1, Instant(Millis(1'000'000)), kSpread, static_cast<std::uint32_t>(random()));
    ++in_second[static_cast<std::size_t>(delay.count() / 1000)];
  }
  CHECK(*std::ranges::min_element(in_second) > 150);
  CHECK(*std::ranges::max_element(in_second) < 260);
}
