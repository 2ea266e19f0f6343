#include "mod_wsflow/metrics/quantile.hpp"

#include <array>
#include <catch2/catch.hpp>

using namespace wsflow;
using namespace wsflow::metrics;

namespace {

std::array<std::uint64_t, kHandshakeBuckets> handshakes(std::initializer_list<std::uint64_t> times_us) {
  std::array<std::uint64_t, kHandshakeBuckets> buckets{};
  for (const auto time : times_us) ++buckets[bucket(kHandshakes, time)];
  return buckets;
}

constexpr std::uint64_t kLong = 900'000'000;

}  // namespace

TEST_CASE("of no times every share is zero", "[quantile]") {
  CHECK(quantile(kHandshakes, handshakes({}), 0, 0.5) == 0);
}

TEST_CASE("within a bucket the times are spread evenly", "[quantile]") {
  const auto buckets = handshakes({16'000, 17'000, 18'000, 19'000, 20'000});  // 15 to 25 ms
  CHECK(quantile(kHandshakes, buckets, kLong, 0.0) == Approx(0.015));
  CHECK(quantile(kHandshakes, buckets, kLong, 0.5) == Approx(0.020));
  CHECK(quantile(kHandshakes, buckets, kLong, 1.0) == Approx(0.025));
}

TEST_CASE("a share lies in the bucket in which the count reaches it", "[quantile]") {
  const auto buckets = handshakes({500, 500, 500, 4'000'000});
  CHECK(quantile(kHandshakes, buckets, kLong, 0.75) == Approx(0.001));
  CHECK(quantile(kHandshakes, buckets, kLong, 0.99) > 2.5);
  CHECK(quantile(kHandshakes, buckets, kLong, 0.99) <= 5.0);
}

TEST_CASE("what is beyond all bounds counts as the last one", "[quantile]") {
  CHECK(quantile(kHandshakes, handshakes({900'000'000}), kLong, 0.5) == Approx(30));
}

TEST_CASE("no share lies beyond the longest time", "[quantile]") {
  // 1 to 2.5 s is one class: nobody took longer than two.
  const auto buckets = handshakes({1'900'000, 2'000'000, 2'000'000});
  for (const auto share : {0.5, 0.95, 0.99, 1.0}) {
    CHECK(quantile(kHandshakes, buckets, 2'000'000, share) <= 2);
    CHECK(quantile(kHandshakes, buckets, 2'000'000, share) > 1);
  }
  CHECK(quantile(kHandshakes, handshakes({0, 0}), 0, 0.99) == 0);
}
