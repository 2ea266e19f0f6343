#include "mod_wsflow/os/wait.hpp"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "mod_wsflow/os/wakeup.hpp"
#include "t/unit/support/sockets.hpp"
#include "t/unit/support/wait.hpp"

using namespace wsflow;
using base::Millis;
using os::wait_readable;

namespace {

constexpr Millis kLong{20'000};

std::atomic<int> signals{0};

}  // namespace

TEST_CASE("a wait ends with the first descriptor that can be read", "[wait]") {
  const os::Wakeup bells[4];
  const auto ringing = GENERATE(0, 1, 2, 3);
  bells[ringing].ring();
  CHECK(wait_readable({bells[0].fd(), bells[1].fd(), bells[2].fd(), bells[3].fd()}, kLong));
  CHECK(wait_readable({-1, bells[ringing].fd()}, kLong));
  bells[ringing].clear();
  CHECK_FALSE(wait_readable({bells[0].fd(), bells[1].fd(), bells[2].fd(), bells[3].fd()}, Millis(0)));
}

TEST_CASE("a wait lasts no longer, and no shorter, than it may", "[wait]") {
  const os::Wakeup bell;
  const auto start = base::now();
  CHECK_FALSE(wait_readable({bell.fd()}, Millis(20)));
  CHECK(base::now() - start >= Millis(20));
  CHECK_FALSE(wait_readable({bell.fd()}, Millis(0)));
  CHECK_FALSE(wait_readable({bell.fd()}, Millis(-5)));
  CHECK_FALSE(wait_readable({}, Millis(1)));
  CHECK_FALSE(wait_readable({-1}, Millis(1)));
}

TEST_CASE("another thread ends a wait", "[wait]") {
  const os::Wakeup bell;
  std::thread other([&] { bell.ring(); });
  CHECK(wait_readable({bell.fd()}, kLong));
  other.join();
}

TEST_CASE("an end of stream ends a wait", "[wait]") {
  auto pair = test::socket_pair();
  CHECK_FALSE(wait_readable({pair.ours.get()}, Millis(0)));
  pair.peer.reset();
  CHECK(wait_readable({pair.ours.get()}, kLong));
}

TEST_CASE("a signal does not end a wait", "[wait]") {
  struct sigaction counting {};
  counting.sa_handler = [](int) { ++signals; };
  struct sigaction before {};
  REQUIRE(::sigaction(SIGUSR1, &counting, &before) == 0);
  const os::Wakeup bell;
  const auto waiting = ::pthread_self();
  // Ten signals come while it waits, then the bell.
  std::thread other([&] {
    test::eventually([&] { return ::pthread_kill(waiting, SIGUSR1) != 0 || signals >= 10; });
    bell.ring();
  });
  CHECK(wait_readable({bell.fd()}, kLong));
  other.join();
  CHECK(signals >= 10);
  ::sigaction(SIGUSR1, &before, nullptr);
}
