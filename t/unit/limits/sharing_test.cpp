#include <atomic>
#include <bit>
#include <chrono>
#include <random>
#include <thread>

#include "mod_wsflow/limits/reap.hpp"
#include "mod_wsflow/shm/layout.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/limits_rig.hpp"
#include "t/unit/support/shared_segment.hpp"

// Threads and processes, some of them killed, that compete for permits.

using namespace wsflow;
using limits::kSecond;
using limits::PermitState;
using test::keyed;
using test::limit;

namespace {

constexpr std::uint32_t kMost = 3;  // hold at once

// Bits of the threads, of all processes, that are between getting a permit and giving it back.
struct Holders {
  std::atomic<std::uint64_t> threads;
  std::atomic<std::uint64_t> entered;
  std::atomic<std::uint64_t> waited;
  std::atomic<std::uint64_t> too_many;
};

// Waits as a process does that hears no wakeups; the permit that it has then, or 0.
limits::PermitRef get(limits::Limiter& limiter, std::span<const limits::Demand> demands, Holders& inside) {
  const auto answer = limiter.acquire(demands, limits::Waiting::parked, limits::now());
  if (answer.state != PermitState::waiting) return answer.permit;
  while (limiter.state(answer.permit) == PermitState::waiting && limits::now() < answer.wait_until) {
    std::this_thread::yield();
  }
  limits::LimitRefusal refused;
  if (limiter.withdraw(answer.permit, limits::LimitReason::timeout, limits::now(), refused)) return {};
  inside.waited.fetch_add(1);
  return answer.permit;
}

// Some of the requests of a thread.
void live(limits::Limiter& limiter, unsigned thread, Holders& inside, std::uint32_t requests) {
  std::minstd_rand random(thread + 1);
  const auto bit = std::uint64_t{1} << thread;
  const auto& secret = limiter.table().secret;
  for (std::uint32_t i = 0; i < requests; ++i) {
    const char key = static_cast<char>('a' + random() % 4);
    const limits::Demand demands[] = {
        {.limit = limits::LimitNumber::of(0), .key = {}},
        {.limit = limits::LimitNumber::of(1), .key = limits::make_key(secret, {&key, 1}, true)}};
    const auto permit = get(limiter, std::span(demands).first(1 + random() % 2), inside);
    if (!permit) continue;
    inside.entered.fetch_add(1);
    if (std::popcount(inside.threads.fetch_or(bit) | bit) > static_cast<int>(kMost))
      inside.too_many.fetch_add(1);
    if (random() % 4 == 0) std::this_thread::yield();
    inside.threads.fetch_and(~bit);
    limiter.release(permit, limits::now());
  }
}

std::vector<limits::LimitDefinition> sample_limits() {
  constexpr limits::Micros kAcquire = 2000;
  return {limit("all", {.concurrency = kMost, .queue = 5}, kAcquire),
          keyed(limit("each", {.concurrency = 1, .queue = 2}, kAcquire), 3)};
}

}  // namespace

TEST_CASE("threads never hold more than the limit", "[limits][sharing]") {
  test::LimitsRig rig(sample_limits());
  Holders inside{};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] { live(i % 2 == 0 ? rig.one : rig.two, i, inside, 3000); });
  }
  for (auto& thread : threads) thread.join();
  CHECK(inside.too_many == 0);
  CHECK(inside.waited > 0);
  CHECK(rig.table->limits[0].released == inside.entered);
  CHECK(test::is_unused(*rig.table));
  CHECK(test::faults(*rig.table, limits::now()) == "");
}

TEST_CASE("processes that are killed anywhere leave no permit behind", "[limits][crash]") {
  constexpr unsigned kProcesses = 4;
  constexpr unsigned kThreads = 2;
  constexpr auto kTime = std::chrono::milliseconds(700);
  constexpr unsigned kLeast = 20;  // kills, on a slow machine
  test::LimitsRig rig(sample_limits());
  const test::SharedSegment memory;  // what the processes tell the test
  auto& inside = *reinterpret_cast<Holders*>(shm::rows(*memory).data());
  const auto start = [&](unsigned number) {
    return test::ChildProcess([&, number]() -> bool {
      limits::Limiter limiter(*rig.table, number, rig.wakeups);
      const auto run = [&, number](unsigned thread) {
        for (;;) live(limiter, number * kThreads + thread, inside, 1000);
      };
      std::thread other([&] { run(1); });
      run(0);
      return false;
    });
  };
  std::vector<test::ChildProcess> processes;
  for (unsigned i = 0; i < kProcesses; ++i) processes.push_back(start(i));
  std::minstd_rand random(7);
  // Once dead it holds nothing that matters; only then others may get its permits.
  const auto bury = [&](unsigned number) {
    processes[number].kill();
    inside.threads.fetch_and(~(std::uint64_t{(1U << kThreads) - 1} << (number * kThreads)));
    return limits::reap(*rig.table, rig.wakeups, number, kSecond);
  };
  unsigned killed = 0;
  for (const auto end = std::chrono::steady_clock::now() + kTime;
       killed < kLeast || std::chrono::steady_clock::now() < end; ++killed) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    const auto number = static_cast<unsigned>(random() % kProcesses);
    REQUIRE(bury(number));
    processes[number] = start(number);
  }
  for (unsigned i = 0; i < kProcesses; ++i) REQUIRE(bury(i));
  CHECK(inside.too_many == 0);
  CHECK(inside.entered > 0);
  CHECK(test::is_unused(*rig.table));
  CHECK(test::faults(*rig.table, limits::now()) == "");
}
