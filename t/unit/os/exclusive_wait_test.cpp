#include "mod_wsflow/os/exclusive_wait.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "mod_wsflow/os/wakeup.hpp"

using namespace wsflow;
using namespace std::chrono_literals;

namespace {

// True if the wait ends before its time.
bool ends(os::ExclusiveWait& wait, base::Millis most) {
  const auto begin = base::now();
  wait.wait(most);
  return base::now() - begin < most;
}

}  // namespace

TEST_CASE("the bell ends the wait, the shared descriptor only while it is watched") {
  const os::Wakeup shared, bell;
  os::ExclusiveWait wait(shared.fd(), bell.fd());
  REQUIRE(wait.valid());
  CHECK_FALSE(ends(wait, 5ms));
  bell.ring();
  CHECK(ends(wait, 60'000ms));
  bell.clear();
  shared.ring();
  CHECK_FALSE(ends(wait, 5ms));
  CHECK_FALSE(wait.watch_shared(true));
  CHECK_FALSE(wait.watch_shared(true));
  CHECK(ends(wait, 60'000ms));
  CHECK(wait.watch_shared(false));
  CHECK_FALSE(wait.watch_shared(false));
  CHECK_FALSE(ends(wait, 5ms));
}

TEST_CASE("a wait that is over already does not wait") {
  const os::Wakeup shared, bell;
  os::ExclusiveWait wait(shared.fd(), bell.fd());
  wait.wait(-5ms);
  wait.wait(0ms);
}

TEST_CASE("one of several threads is woken at least, and each by its own bell") {
  const os::Wakeup shared;
  const std::vector<os::Wakeup> bells(4);
  std::atomic<int> woken{0};
  std::vector<std::thread> threads;
  for (const auto& bell : bells) {
    threads.emplace_back([&shared, &bell, &woken] {
      os::ExclusiveWait wait(shared.fd(), bell.fd());
      wait.watch_shared(true);
      wait.wait(60'000ms);
      ++woken;
    });
  }
  shared.ring();
  while (woken == 0) std::this_thread::yield();
  for (const auto& bell : bells) bell.ring();
  for (auto& thread : threads) thread.join();
  CHECK(woken == 4);
}
