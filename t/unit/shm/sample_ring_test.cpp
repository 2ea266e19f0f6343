#include "mod_wsflow/shm/sample_ring.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "mod_wsflow/shm/reaper_lock.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;
using shm::kSamples;
using shm::kSampleSpan_us;

namespace {

constexpr std::int64_t kStart = 1'700'000'000'000'000;

// Every value of sample `number` is its number.
shm::Sample sample(std::uint64_t number) {
  shm::Sample result{.at_us = kStart + static_cast<std::int64_t>(number) * kSampleSpan_us};
  result.values.fill(number);
  return result;
}

}  // namespace

TEST_CASE("samples come back in their order, with all they hold", "[sample_ring]") {
  const test::SharedSegment segment;
  CHECK(shm::samples(*segment).empty());
  for (std::uint64_t i = 0; i < 3; ++i) shm::keep_sample(*segment, sample(i));
  const auto kept = shm::samples(*segment);
  REQUIRE(kept.size() == 3);
  for (std::uint64_t i = 0; i < 3; ++i) {
    CHECK(kept[i].at_us == sample(i).at_us);
    CHECK(kept[i].values == sample(i).values);
  }
}

TEST_CASE("the ring keeps the newest samples", "[sample_ring]") {
  const test::SharedSegment segment;
  for (std::uint64_t i = 0; i < 3 * kSamples; ++i) shm::keep_sample(*segment, sample(i));
  const auto kept = shm::samples(*segment);
  REQUIRE(kept.size() == kSamples - 1);
  CHECK(kept.back().values[0] == 3 * kSamples - 1);
  CHECK(kept.front().values[0] == 2 * kSamples + 1);
}

TEST_CASE("a sample is due when the last one is a span old, or lies in the future", "[sample_ring]") {
  const test::SharedSegment segment;
  CHECK(shm::sample_due(*segment, kStart));
  shm::keep_sample(*segment, sample(0));
  CHECK_FALSE(shm::sample_due(*segment, kStart));
  CHECK_FALSE(shm::sample_due(*segment, kStart + kSampleSpan_us / 2));
  CHECK(shm::sample_due(*segment, kStart + kSampleSpan_us));
  CHECK(shm::sample_due(*segment, kStart - 1));
  auto early = sample(0);
  early.at_us += 1'000'000;
  shm::keep_sample(*segment, early);  // of somebody who found it due at the same time
  CHECK(shm::samples(*segment).size() == 1);
}

TEST_CASE("nobody waits to keep a sample", "[sample_ring]") {
  const test::SharedSegment segment;
  const shm::ReaperLock lock(*segment);
  REQUIRE(lock);
  std::thread([&] { shm::keep_sample(*segment, sample(0)); }).join();
  CHECK(shm::samples(*segment).empty());
}

TEST_CASE("a reader sees whole samples while the ring goes round", "[sample_ring]") {
  const test::SharedSegment segment;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < 20 * kSamples; ++i) shm::keep_sample(*segment, sample(i));
    done = true;
  });
  bool whole = true;
  bool ordered = true;
  while (!done) {
    std::int64_t before = 0;
    for (const auto& kept : shm::samples(*segment)) {
      const auto number = kept.values[0];
      whole = whole && kept.at_us == sample(number).at_us && kept.values == sample(number).values;
      ordered = ordered && kept.at_us > before;
      before = kept.at_us;
    }
  }
  writer.join();
  CHECK(whole);
  CHECK(ordered);
}

TEST_CASE("a process that is killed while it keeps samples leaves those that were whole", "[sample_ring]") {
  const test::SharedSegment segment;
  std::uint64_t next = 0;
  for (int round = 0; round < 10; ++round) {
    test::ChildProcess child([&]() -> bool {
      for (auto i = next;; ++i) shm::keep_sample(*segment, sample(i));
    });
    while (segment->sample_ring.written.load() < next + 2 * kSamples) std::this_thread::yield();
    child.kill();
    const auto kept = shm::samples(*segment);
    REQUIRE(kept.size() == kSamples - 1);
    for (const auto& one : kept) REQUIRE(one.values == sample(one.values[0]).values);
    next = kept.back().values[0] + 1;
    REQUIRE(next == segment->sample_ring.written.load());
  }
}
