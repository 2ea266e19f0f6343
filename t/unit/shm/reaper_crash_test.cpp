#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <deque>
#include <random>
#include <vector>

#include "mod_wsflow/metrics/recorder.hpp"
#include "mod_wsflow/shm/reaper.hpp"
#include "mod_wsflow/shm/resources.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/live_tunnels.hpp"
#include "t/unit/support/shared_segment.hpp"

// Processes that are killed at random moments. What they leave must add up all the same.

using namespace wsflow;
using test::ChildProcess;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kTime = std::chrono::seconds(2);
constexpr auto kCounted = metrics::kBytes(metrics::Direction::client_to_origin);

// Passes up to `most` without sleeping: what is to be hit takes microseconds.
void pass_time(std::minstd_rand& random, std::chrono::microseconds most) {
  const auto end =
      Clock::now() + std::chrono::nanoseconds(random() % static_cast<unsigned>(most.count() * 1000));
  while (Clock::now() < end) {
  }
}

ChildProcess folder(shm::Layout& layout) {
  return ChildProcess([&layout]() -> bool {
    for (;;) shm::reap_all(layout);
  });
}

// What is true of every segment without a living process.
void check_empty(shm::Layout& layout) {
  const auto snapshot = shm::snapshot(layout);
  CHECK(snapshot.processes.empty());
  CHECK(test::tunnel_count(layout) == 0);
  for (const auto& slot : shm::slots(layout).first(layout.slots_seen)) REQUIRE(slot.owner == 0);
  for (const auto& head : shm::page_heads(layout).first(layout.pages_seen)) REQUIRE(head.owner == 0);
  CHECK(shm::held(layout, 1) == 0);
  std::uint64_t ended = 0;
  for (std::size_t i = 0; i < base::kOutcomes; ++i) ended += snapshot.sums[metrics::kTunnelsEnded.first + i];
  CHECK(snapshot.sums[metrics::kTunnelsOpened] == ended);
}

}  // namespace

TEST_CASE("reapers that are killed lose and double nothing", "[reap]") {
  const test::SharedSegment segment;
  std::minstd_rand random(4711);
  std::array<ChildProcess, 2> folders{folder(*segment), folder(*segment)};
  std::uint64_t processes = 0;
  std::uint64_t broken_off = 0;
  for (const auto end = Clock::now() + kTime; Clock::now() < end || processes <= 20;) {
    // Processes that have counted and ended, before anybody reaps them: the claims are made for them.
    std::vector<ChildProcess> counting;
    for (int i = 0; i < 4; ++i) {
      counting.emplace_back([&] {
        auto* slot = shm::claim(*segment, shm::Owner::self(), 1, 0);
        if (slot == nullptr) return false;
        metrics::Recorder recorder(*slot);
        for (int n = 0; n < 3; ++n) recorder.tunnel_opened(n == 2);
        recorder.tunnel_ended(base::Outcome::closed, false, 0);
        slot->counters[shm::kGreatestCounter - 1].fetch_add(1);
        slot->held[1] = 5;
        return true;
      });
    }
    for (auto& child : counting) REQUIRE(child.ended_well());
    processes += counting.size();
    for (auto& each : folders) {
      pass_time(random, std::chrono::microseconds(200));
      each.kill();
      if (shm::Commit::of(segment->commit).clearing != 0) ++broken_off;
      each = folder(*segment);
    }
    const auto sums = shm::snapshot(*segment).sums;
    REQUIRE(sums[shm::kGreatestCounter - 1] == processes);
    REQUIRE(sums[metrics::kTunnelsOpened] == 3 * processes);
  }
  for (auto& each : folders) each.kill();
  shm::reap_all(*segment);
  check_empty(*segment);
  const auto sums = shm::snapshot(*segment).sums;
  CHECK(sums[shm::kGreatestCounter - 1] == processes);
  CHECK(sums[metrics::kTunnelsOpened] == 3 * processes);
  CHECK(sums[metrics::kTunnelsEnded(base::Outcome::closed)] == processes);
  CHECK(sums[shm::kLostCounter] == 2 * processes);
  INFO(broken_off << " were found reaped by half after " << processes << " processes");
  CHECK(processes > 20);
}

namespace {

// How far a process has come; each is killed between two of its steps.
struct alignas(64) Progress {
  std::atomic<std::uint64_t> begun;
  std::atomic<std::uint64_t> done;
};

// Does all that a process does with the segment, as fast as it can.
void live(shm::Layout& layout, Progress& progress) {
  auto* slot = shm::claim(layout, shm::Owner::self(), 1, 0);
  if (slot == nullptr) return;
  metrics::Recorder recorder(*slot);
  shm::TunnelRows rows(layout, *slot);
  std::deque<shm::RowLease> places;
  for (std::uint64_t i = 1;; ++i) {
    progress.begun.fetch_add(1);
    recorder.add(kCounted);
    progress.done.fetch_add(1);
    recorder.tunnel_opened(i % 3 == 0);
    slot->held[1].fetch_add(1);
    const auto text = "tunnel";
    places.push_back(
        rows.open({.id = i, .started_us = 0, .client = {}, .server = text, .route = text, .origin = text}));
    if (places.size() == 100) {
      places.pop_front();
      slot->held[1].fetch_sub(1);
      recorder.tunnel_ended(base::Outcome::closed, (i - 99) % 3 == 0, 0);
    }
    if (i % 16 == 0) shm::reap_all(layout);
    test::close(layout, i, 1000);
    if (i % 64 == 0) test::tunnels(layout, 0, 10);
  }
}

}  // namespace

TEST_CASE("processes that are killed anywhere leave numbers that add up", "[reap]") {
  const test::SharedSegment segment;
  const test::SharedSegment other;  // where the processes tell the test how far they have come
  auto* progress = reinterpret_cast<Progress*>(shm::rows(*other).data());
  std::minstd_rand random(42);
  std::vector<ChildProcess> living;
  std::size_t started = 0;
  const auto start = [&] {
    auto& mine = progress[started++];
    return ChildProcess([&] {
      live(*segment, mine);
      return false;
    });
  };
  for (int i = 0; i < 4; ++i) living.push_back(start());
  for (const auto end = Clock::now() + kTime; (Clock::now() < end || started <= 20) && started < 5000;) {
    auto& victim = living[random() % living.size()];
    pass_time(random, std::chrono::microseconds(3000));
    victim.kill();
    victim = start();
    // Whoever reads meanwhile sees no number that is too high.
    const auto sums = shm::snapshot(*segment).sums;
    std::uint64_t begun = 0;
    for (std::size_t i = 0; i < started; ++i) begun += progress[i].begun;
    REQUIRE(sums[kCounted] <= begun);
  }
  living.clear();
  while (shm::reap_all(*segment) != 0) {
  }
  check_empty(*segment);
  std::uint64_t begun = 0;
  std::uint64_t done = 0;
  for (std::size_t i = 0; i < started; ++i) {
    begun += progress[i].begun;
    done += progress[i].done;
  }
  const auto counted = shm::snapshot(*segment).sums[kCounted];
  CHECK(done <= counted);
  CHECK(counted <= begun);
  CHECK(begun - done <= started);
  CHECK(started > 20);
}
