#include "mod_wsflow/limits/rolling_stats.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

using namespace wsflow::limits;

namespace {

std::size_t class_of(Micros span) {
  Histogram histogram{};
  histogram.add(span);
  for (std::size_t i = 0; i < Histogram::kClasses; ++i) {
    if (histogram.counts[i] == 1) return i;
  }
  return Histogram::kClasses;
}

}  // namespace

TEST_CASE("classes grow by a fourth root of two, from a millisecond to more than a week",
          "[limits][rolling_stats]") {
  CHECK(Histogram::bound(0) == 1000);
  CHECK(Histogram::bound(4) == 2000);
  for (std::size_t i = 0; i < Histogram::kClasses; ++i) {
    const auto exact = 1000 * std::exp2(static_cast<double>(i) / 4);
    CHECK(static_cast<double>(Histogram::bound(i)) == Approx(exact).epsilon(0.001));
  }
  CHECK(Histogram::bound(Histogram::kClasses - 1) > 7 * 86'400 * kSecond);
}

TEST_CASE("each span lies below the bound of its class and not below the one before",
          "[limits][rolling_stats]") {
  for (std::size_t i = 0; i + 1 < Histogram::kClasses; ++i) {
    REQUIRE(class_of(Histogram::bound(i) - 1) == i);
    REQUIRE(class_of(Histogram::bound(i)) == i + 1);
  }
  CHECK(class_of(-5) == 0);
  CHECK(class_of(0) == 0);
  CHECK(class_of(INT64_MAX) == Histogram::kClasses - 1);
}

TEST_CASE("quantiles are right to a tenth", "[limits][rolling_stats]") {
  for (Micros span = 1'000; span < 100'000 * kSecond; span += span / 7 + 1) {
    Histogram histogram{};
    for (int i = 0; i < 20; ++i) histogram.add(span);
    for (const auto share : {0.0, 0.5, 0.95, 1.0}) {
      REQUIRE(static_cast<double>(histogram.quantile(share)) ==
              Approx(static_cast<double>(span)).epsilon(0.1));
    }
  }
}

TEST_CASE("no quantile lies beyond the longest span", "[limits][rolling_stats]") {
  Histogram waits{};
  for (int i = 0; i < 100; ++i) waits.add(2'000'000 - i);
  for (const auto share : {0.5, 0.99, 1.0}) CHECK(waits.quantile(share) <= 2'000'000);
  Histogram both{};
  both.add(kSecond);
  both.add(waits);
  CHECK(both.quantile(1) <= 2'000'000);
  CHECK(both.quantile(1) > 1'800'000);
}

TEST_CASE("quantiles of mixed spans", "[limits][rolling_stats]") {
  Histogram histogram{};
  CHECK(histogram.quantile(0.95) == 0);
  for (int i = 1; i <= 1000; ++i) histogram.add(i * 10'000);
  Histogram twice{};
  twice.add(histogram);
  twice.add(histogram);
  CHECK(twice.count() == 2000);
  for (const auto share : {0.1, 0.5, 0.95, 0.99}) {
    CHECK(static_cast<double>(twice.quantile(share)) == Approx(share * 10e6).epsilon(0.1));
  }
}

TEST_CASE("the last minute is what the windows hold", "[limits][rolling_stats]") {
  RollingStats rolling{};
  const Micros begin = 1'000 * kSecond + 3;
  for (Micros now = begin; now < begin + 120 * kSecond; now += kSecond) {
    auto& window = rolling.at(now);
    ++window.arrivals;
    window.held_us += 7;
    window.held.add(kSecond);
    const auto last = rolling.last(now);
    // One a second, for as long as it says, be the newest window just begun or nearly over.
    REQUIRE(last.arrivals == static_cast<std::uint64_t>((now - last.start) / kSecond + 1));
    REQUIRE(last.held_us == static_cast<Micros>(last.arrivals * 7));
    REQUIRE(last.held.count() == last.arrivals);
    REQUIRE(last.start == std::max(begin, now / RollingStats::kSpan * RollingStats::kSpan - 50 * kSecond));
  }
}

TEST_CASE("what is older than a minute is forgotten", "[limits][rolling_stats]") {
  RollingStats rolling{};
  const Micros begin = 1'000 * kSecond;
  rolling.at(begin).released = 5;
  CHECK(rolling.last(begin + 59 * kSecond).released == 5);
  CHECK(rolling.last(begin + 60 * kSecond).released == 0);
  CHECK(rolling.at(begin + 60 * kSecond).released == 0);
}

TEST_CASE("who took the time before others did changes no newer window", "[limits][rolling_stats]") {
  RollingStats rolling{};
  const Micros begin = 1'000 * kSecond;
  rolling.at(begin + 60 * kSecond).released = 5;
  ++rolling.at(begin).released;
  CHECK(rolling.last(begin + 60 * kSecond).released == 6);
}
