#include "mod_wsflow/programs/load/histogram.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

using wsflow::load::Histogram;

TEST_CASE("an empty histogram has only zeros", "[load]") {
  const Histogram empty;
  CHECK(empty.count() == 0);
  CHECK(empty.least() == 0);
  CHECK(empty.most() == 0);
  CHECK(empty.quantile(0.5) == 0);
}

TEST_CASE("small values are exact", "[load]") {
  Histogram times;
  for (std::uint64_t us = 0; us < 256; ++us) times.add(us);
  CHECK(times.quantile(0) == 0);
  CHECK(times.quantile(0.5) == 127);
  CHECK(times.quantile(0.99) == 253);
  CHECK(times.quantile(1) == 255);
}

TEST_CASE("a quantile is never too low, and at most 1/128 too high", "[load]") {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> like_latencies(7, 2.5);
  for (int round = 0; round < 20; ++round) {
    Histogram times;
    std::vector<std::uint64_t> all;
    for (int i = 0; i < 3000; ++i) {
      all.push_back(std::min(static_cast<std::uint64_t>(like_latencies(random)), Histogram::kMost));
      times.add(all.back());
    }
    std::sort(all.begin(), all.end());
    CHECK(times.least() == all.front());
    CHECK(times.most() == all.back());
    for (const double share : {0.01, 0.5, 0.95, 0.99, 0.999, 1.0}) {
      const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(all.size())));
      const auto exact = all[rank - 1];
      CAPTURE(share, exact);
      CHECK(times.quantile(share) >= exact);
      CHECK(static_cast<double>(times.quantile(share)) <= static_cast<double>(exact) * (1 + 1.0 / 128));
    }
  }
}

TEST_CASE("each power of two has its own buckets, up to the greatest value", "[load]") {
  for (unsigned power = 0; power < 32; ++power) {
    for (const std::uint64_t us : {(1ULL << power) - 1, 1ULL << power, (1ULL << power) + 1}) {
      Histogram times;
      times.add(us);
      CHECK(times.quantile(0.5) == us);  // no more than the greatest, which is exact
      times.add(Histogram::kMost);
      CHECK(times.quantile(0.5) >= us);
      CHECK(static_cast<double>(times.quantile(0.5)) <= static_cast<double>(us) * (1 + 1.0 / 128));
    }
  }
  Histogram times;
  times.add(Histogram::kMost + 1000);
  CHECK(times.most() == Histogram::kMost);
  CHECK(times.quantile(1) == Histogram::kMost);
}

TEST_CASE("a histogram that is cleared has forgotten all", "[load]") {
  Histogram times;
  times.add(5);
  times.add(5'000'000);
  times.clear();
  CHECK(times.count() == 0);
  CHECK(times.most() == 0);
  times.add(70);
  CHECK(times.least() == 70);
  CHECK(times.quantile(1) == 70);
}
