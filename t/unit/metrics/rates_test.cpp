#include "mod_wsflow/metrics/rates.hpp"

#include <catch2/catch.hpp>

#include "t/unit/support/status_model.hpp"

using namespace wsflow;
using namespace wsflow::metrics;

namespace {

constexpr std::int64_t kNow = 1'700'000'000'000'000;

std::uint64_t& value(shm::Sample& sample, Sampled what) {
  return sample.values[static_cast<std::size_t>(what)];
}

}  // namespace

TEST_CASE("a sample holds what was counted", "[rates]") {
  shm::Counters sums{};
  for (std::size_t i = 0; i < kCounters; ++i) sums[i] = 1000 + i;
  auto sample = sample_of(sums, 7, 8, kNow);
  CHECK(sample.at_us == kNow);
  CHECK(value(sample, Sampled::active) == 7);
  CHECK(value(sample, Sampled::opened) == sums[kTunnelsOpened]);
  std::uint64_t refused = 0;
  for (std::size_t i = 0; i < base::kHandshakeRefusals; ++i) refused += sums[kRefused.first + i];
  CHECK(value(sample, Sampled::refused) == refused);
  CHECK(value(sample, Sampled::limit_refused) == 8);
  CHECK(value(sample, Sampled::bytes_to_origin) == sums[kBytes(Direction::client_to_origin)]);
  CHECK(value(sample, Sampled::bytes_to_client) == sums[kBytes(Direction::origin_to_client)]);
  CHECK(value(sample, Sampled::joins) == sums[kPresenceJoins]);
  CHECK(value(sample, Sampled::leaves) == sums[kPresenceLeaves]);
  const auto first = static_cast<std::size_t>(Sampled::handshake_bucket);
  for (std::size_t i = 0; i < kHandshakeBuckets; ++i)
    CHECK(sample.values[first + i] == sums[kHandshakeTimes + i]);
}

TEST_CASE("an interval has what happened a second between two samples", "[rates]") {
  const auto samples = test::samples(kNow, 3);
  const auto all = intervals(samples);
  REQUIRE(all.size() == 2);
  const auto& interval = all[1];
  CHECK(interval.from_us == kNow - shm::kSampleSpan_us);
  CHECK(interval.to_us == kNow);
  CHECK(interval.active == 22);
  CHECK(interval.opened == Approx(2));
  CHECK(interval.refused == Approx(1));
  CHECK(interval.limit_refused == Approx(3));
  CHECK(interval.bytes_to_origin == Approx(200'000));
  CHECK(interval.bytes_to_client == Approx(400'000));
  CHECK(interval.joins == Approx(4));
  CHECK(interval.leaves == Approx(5));
  CHECK(interval.handshake_p50 == Approx(0.0375));  // the middle of 25 to 50 ms
  CHECK(interval.handshake_p95 < 0.05);
  CHECK(interval.handshake_p95 > interval.handshake_p50);
  CHECK(interval.handshake_p99 > interval.handshake_p95);
}

TEST_CASE("of less than two samples nothing is told", "[rates]") {
  CHECK(intervals({}).empty());
  CHECK(intervals(test::samples(kNow, 1)).empty());
  CHECK(last(test::samples(kNow, 1), 10'000'000).to_us == 0);
}

TEST_CASE("where a counter has gone back, or the clock, there is no interval", "[rates]") {
  auto samples = test::samples(kNow, 4);
  SECTION("a counter") {
    value(samples[2], Sampled::opened) = 0;
  }
  SECTION("a bucket") {
    value(samples[2], Sampled::handshake_bucket) = 0, value(samples[1], Sampled::handshake_bucket) = 1;
  }
  SECTION("the clock") {
    samples[2].at_us = samples[1].at_us;
  }
  CHECK(intervals(samples).size() == 2);
}

TEST_CASE("a limit that is gone takes its refusals along", "[rates]") {
  auto samples = test::samples(kNow, 4);
  value(samples[2], Sampled::limit_refused) = 0;
  const auto all = intervals(samples);
  REQUIRE(all.size() == 3);
  CHECK(all[1].limit_refused == 0);
  CHECK(all[1].opened == Approx(2));
}

TEST_CASE("the last span is told as one interval", "[rates]") {
  auto samples = test::samples(kNow, 20);
  const auto ten = last(samples, 10'000'000);
  CHECK(ten.to_us - ten.from_us == 10'000'000);
  CHECK(ten.opened == Approx(2));
  CHECK(last(samples, 60'000'000).from_us == kNow - 60'000'000);
  // As far as the samples reach, and of two at least.
  CHECK(last(samples, 3'600'000'000).from_us == samples.front().at_us);
  CHECK(last(samples, 1).from_us == kNow - shm::kSampleSpan_us);
}
