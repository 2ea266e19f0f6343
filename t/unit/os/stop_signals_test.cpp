#include "mod_wsflow/os/stop_signals.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "mod_wsflow/os/signal_mask.hpp"
#include "mod_wsflow/os/wait.hpp"

using namespace wsflow;
using base::Millis;

TEST_CASE("SIGTERM and SIGINT are waited for and taken once", "[stop_signals]") {
  const int signal = GENERATE(SIGTERM, SIGINT);
  const bool before = GENERATE(false, true);
  const os::BlockSignals blocked;
  if (before) REQUIRE(::kill(::getpid(), signal) == 0);
  const os::StopSignals signals;
  REQUIRE(signals.valid());
  if (!before) {
    CHECK_FALSE(signals.take());
    CHECK_FALSE(os::wait_readable({signals.fd()}, Millis(0)));
    REQUIRE(::kill(::getpid(), signal) == 0);
  }
  CHECK(os::wait_readable({signals.fd()}, Millis(20'000)));
  CHECK(signals.take());
  CHECK_FALSE(signals.take());
  CHECK_FALSE(os::wait_readable({signals.fd()}, Millis(0)));
}

TEST_CASE("other signals are left to others", "[stop_signals]") {
  const os::BlockSignals blocked;
  const os::StopSignals signals;
  REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  CHECK_FALSE(signals.take());
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, SIGUSR1);
  const timespec at_once{};
  CHECK(::sigtimedwait(&one, nullptr, &at_once) == SIGUSR1);
}

TEST_CASE("the descriptor of the stop signals is not inherited by programs", "[stop_signals]") {
  const os::StopSignals signals;
  CHECK((::fcntl(signals.fd(), F_GETFD) & FD_CLOEXEC) != 0);
}

namespace {
volatile sig_atomic_t g_deferred = 0;
volatile sig_atomic_t g_done = 0;
void defer() noexcept {
  g_deferred = 1;
}
bool deferred() noexcept {
  return g_deferred != 0;
}
}  // namespace

TEST_CASE("SIGTERM can be put off, and is done in the end", "[stop_signals]") {
  struct sigaction done {};
  struct sigaction before {};
  done.sa_handler = [](int) { g_done = 1; };
  REQUIRE(sigaction(SIGTERM, &done, &before) == 0);
  const bool comes = GENERATE(true, false);
  g_deferred = 0;
  g_done = 0;
  {
    const os::DeferSigterm<defer, deferred> put_off;
    if (comes) REQUIRE(::raise(SIGTERM) == 0);
    CHECK(g_deferred == (comes ? 1 : 0));
    CHECK(g_done == 0);
  }
  CHECK(g_done == (comes ? 1 : 0));
  g_done = 0;
  REQUIRE(::raise(SIGTERM) == 0);
  CHECK(g_done == 1);
  REQUIRE(sigaction(SIGTERM, &before, nullptr) == 0);
}
