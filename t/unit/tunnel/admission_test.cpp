#include "mod_wsflow/tunnel/admission.hpp"

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using wsflow::tunnel::Admission;

TEST_CASE("no more places are given than there are, and each comes back once", "[admission]") {
  Admission admission(2);
  auto first = admission.enter();
  auto second = admission.enter();
  CHECK(static_cast<bool>(first));
  CHECK(static_cast<bool>(second));
  CHECK_FALSE(static_cast<bool>(admission.enter()));
  {
    const auto moved = std::move(first);
    CHECK_FALSE(static_cast<bool>(first));
    CHECK_FALSE(static_cast<bool>(admission.enter()));
  }
  auto third = admission.enter();
  CHECK(static_cast<bool>(third));
  CHECK_FALSE(static_cast<bool>(admission.enter()));
}

TEST_CASE("assigning a place gives the old one back", "[admission]") {
  Admission admission(2);
  auto place = admission.enter();
  place = admission.enter();
  CHECK(static_cast<bool>(place));
  const auto other = admission.enter();
  CHECK(static_cast<bool>(other));
  place = Admission::Lease();
  CHECK(static_cast<bool>(admission.enter()));
}

TEST_CASE("tunnels and requests that wait share the descriptors", "[admission]") {
  Admission admission(4, 8);
  const auto tunnel = admission.enter();
  auto first = admission.wait();
  {
    const auto second = admission.wait();
    CHECK(static_cast<bool>(second));
    CHECK_FALSE(static_cast<bool>(admission.wait()));
    CHECK_FALSE(static_cast<bool>(admission.enter()));
    CHECK(admission.taken() == 1);
  }
  const auto other = admission.enter();
  CHECK(static_cast<bool>(other));
  CHECK_FALSE(static_cast<bool>(admission.wait()));
  first = Admission::Seat();
  CHECK(static_cast<bool>(admission.wait()));
  const auto third = admission.enter();
  const auto fourth = admission.enter();
  CHECK(static_cast<bool>(fourth));
  CHECK(admission.taken() == 4);
  CHECK_FALSE(static_cast<bool>(admission.wait()));
}

TEST_CASE("a limit of none admits nobody", "[admission]") {
  Admission admission(0);
  CHECK_FALSE(static_cast<bool>(admission.enter()));
  CHECK(admission.limit() == 0);
}

TEST_CASE("threads never hold more places than the limit, and none is lost", "[admission]") {
  Admission admission(3);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 5000; ++n) {
        const auto place = admission.enter();
        if (!place) continue;
        ++admitted;
        const int now = ++inside;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        --inside;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(most <= 3);
  CHECK(admitted > 0);
  std::vector<Admission::Lease> all;
  for (int i = 0; i < 3; ++i) all.push_back(admission.enter());
  for (const auto& place : all) CHECK(static_cast<bool>(place));
  CHECK_FALSE(static_cast<bool>(admission.enter()));
}

TEST_CASE("a watcher has the numbers of tunnels and descriptors, and is rung for room only when it waits",
          "[admission]") {
  std::atomic<std::uint32_t> taken{0};
  std::atomic<std::uint64_t> claimed{0};
  std::atomic<bool> waits{false};
  const wsflow::os::Wakeup bell;
  const Admission::Watcher watcher{.taken = taken, .claimed = claimed, .waits_for_room = waits, .bell = bell};
  const auto rang = [&bell] {
    std::uint64_t count = 0;
    return ::read(bell.fd(), &count, sizeof count) > 0;
  };
  Admission admission(2);
  admission.set_watcher(watcher);
  auto one = admission.enter();
  auto two = admission.enter();
  CHECK(taken == 2);
  CHECK_FALSE(admission.enter());
  CHECK(taken == 2);
  CHECK(claimed == 4);
  {
    const auto seat = admission.wait();
    const auto job = admission.bell();
    CHECK(claimed == 8);
  }
  CHECK(claimed == 4);
  two = Admission::Lease();
  CHECK(taken == 1);
  CHECK_FALSE(rang());
  waits = true;
  one = Admission::Lease();
  CHECK(taken == 0);
  CHECK(rang());
  { const auto seat = admission.wait(); }
  CHECK(claimed == 0);
  CHECK(rang());
}
