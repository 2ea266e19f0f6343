#include "mod_wsflow/os/signal_mask.hpp"

#include <catch2/catch.hpp>
#include <thread>

namespace {

bool blocked(int signal) {
  sigset_t mask;
  sigemptyset(&mask);
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

}  // namespace

TEST_CASE("signals are blocked in the scope and as before behind it", "[signal_mask]") {
  REQUIRE_FALSE(blocked(SIGTERM));
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &one, nullptr);
  {
    const wsflow::os::BlockSignals scope;
    for (const int signal : {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGPIPE}) CHECK(blocked(signal));
  }
  CHECK_FALSE(blocked(SIGTERM));
  CHECK(blocked(SIGUSR2));
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
}

TEST_CASE("a thread that starts in the scope keeps its signals blocked", "[signal_mask]") {
  bool in_thread = false;
  std::thread thread;
  {
    const wsflow::os::BlockSignals scope;
    thread = std::thread([&] { in_thread = blocked(SIGTERM); });
  }
  thread.join();
  CHECK(in_thread);
  CHECK_FALSE(blocked(SIGTERM));
}
