#include "mod_wsflow/tunnel/drain_schedule.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <vector>

using wsflow::base::Instant;
using wsflow::base::Millis;
using wsflow::tunnel::DrainSchedule;

namespace {

constexpr Instant kStart{Millis(1'000'000)};

// Ends `count` tunnels in steps, each late by up to `lateness`, and returns the time of each end.
std::vector<Millis> ends(Millis window, int count, Millis lateness = Millis(0)) {
  std::mt19937 random(42);
  DrainSchedule pace;
  pace.start(kStart, window);
  std::vector<Millis> result;
  while (count > 0) {
    const auto late = lateness * static_cast<Millis::rep>(random() % 100) / 100;
    const auto now = pace.next() + late;
    const auto chance = pace.step(now);
    REQUIRE(pace.next() > now);
    const int there = count;
    for (int i = 0; i < there; ++i) {
      if (std::uint64_t{random()} >= chance) continue;
      result.push_back(now - kStart);
      --count;
    }
  }
  return result;
}

}  // namespace

TEST_CASE("nothing is due before a drain has started", "[drain_schedule]") {
  const DrainSchedule pace;
  CHECK_FALSE(pace.started());
  CHECK(pace.next() == Instant::max());
}

TEST_CASE("without a window everything ends at once", "[drain_schedule]") {
  DrainSchedule pace;
  pace.start(kStart, Millis(0));
  CHECK(pace.started());
  CHECK(pace.next() == kStart);
  CHECK(pace.step(kStart) == DrainSchedule::kCertain);
}

TEST_CASE("the ends are spread evenly over the window", "[drain_schedule]") {
  const auto window = GENERATE(Millis(2000), Millis(10'000), Millis(3'600'000));
  const auto lateness = GENERATE(Millis(0), Millis(15));
  constexpr int kTunnels = 4000;
  constexpr int kParts = 4;
  CAPTURE(window.count(), lateness.count());
  const auto all = ends(window, kTunnels, lateness);
  CHECK(all.front() >= Millis(1));
  CHECK(all.back() <= window + lateness);
  std::vector<int> parts(kParts);
  for (const auto end : all)
    ++parts[static_cast<std::size_t>(
        std::min<Millis::rep>((end.count() - 1) * kParts / window.count(), kParts - 1))];
  for (const int part : parts) CHECK(part == Approx(kTunnels / kParts).epsilon(0.15));
}

TEST_CASE("a drain is done at its end, however late the last step comes", "[drain_schedule]") {
  const auto late = GENERATE(Millis(0), Millis(1), Millis(100'000));
  DrainSchedule pace;
  pace.start(kStart, Millis(1000));
  CHECK(pace.step(kStart + Millis(20)) < DrainSchedule::kCertain);
  CHECK(pace.step(kStart + Millis(1000) + late) == DrainSchedule::kCertain);
  // A tunnel that comes later ends, too.
  CHECK(pace.next() > kStart + Millis(1000) + late);
  CHECK(pace.next() < Instant::max());
  CHECK(pace.step(pace.next()) == DrainSchedule::kCertain);
}

TEST_CASE("the last step is due at the end of the window", "[drain_schedule]") {
  DrainSchedule pace;
  pace.start(kStart, Millis(50));
  std::vector<Instant> due;
  for (bool certain = false; !certain;) {
    due.push_back(pace.next());
    certain = pace.step(due.back()) == DrainSchedule::kCertain;
  }
  CHECK(due == std::vector<Instant>{kStart + Millis(20), kStart + Millis(40), kStart + Millis(50)});
}

TEST_CASE("a step has the share of its time in what is left", "[drain_schedule]") {
  DrainSchedule pace;
  pace.start(kStart, Millis(1000));
  CHECK(pace.step(kStart) == 0);
  CHECK(pace.step(kStart + Millis(250)) == DrainSchedule::kCertain / 4);
  CHECK(pace.step(kStart + Millis(625)) == DrainSchedule::kCertain / 2);
  CHECK(pace.step(kStart + Millis(625)) == 0);
}

TEST_CASE("a window of weeks is no wider than the numbers", "[drain_schedule]") {
  constexpr Millis kWindow{40LL * 24 * 3600 * 1000};
  DrainSchedule pace;
  pace.start(kStart, kWindow);
  CHECK(pace.step(kStart + kWindow / 2) == DrainSchedule::kCertain / 2);
  CHECK(pace.step(kStart + kWindow) == DrainSchedule::kCertain);
}

TEST_CASE("steps are neither too close nor too rare", "[drain_schedule]") {
  const auto [window, pause] = GENERATE(table<Millis, Millis>(
      {{Millis(100), Millis(20)}, {Millis(10'000), Millis(100)}, {Millis(3'600'000), Millis(1000)}}));
  DrainSchedule pace;
  pace.start(kStart, window);
  CHECK(pace.next() == kStart + pause);
  pace.step(kStart + pause);
  CHECK(pace.next() == kStart + 2 * pause);
}
