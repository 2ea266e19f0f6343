#include "mod_wsflow/os/wakeup.hpp"

#include <fcntl.h>
#include <poll.h>

#include <catch2/catch.hpp>
#include <thread>

using wsflow::os::Wakeup;

namespace {

bool rings(const Wakeup& wakeup, int timeout_ms) {
  pollfd one{.fd = wakeup.fd(), .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, timeout_ms) == 1;
}

}  // namespace

TEST_CASE("a ring wakes until it is cleared, however often it rang", "[wakeup]") {
  const Wakeup wakeup;
  REQUIRE(wakeup.valid());
  CHECK_FALSE(rings(wakeup, 0));
  wakeup.ring();
  wakeup.ring();
  CHECK(rings(wakeup, 0));
  wakeup.clear();
  CHECK_FALSE(rings(wakeup, 0));
}

TEST_CASE("clearing what did not ring does not wait", "[wakeup]") {
  const Wakeup wakeup;
  wakeup.clear();
  CHECK_FALSE(rings(wakeup, 0));
}

TEST_CASE("another thread's ring ends a wait", "[wakeup]") {
  const Wakeup wakeup;
  std::thread other([&] { wakeup.ring(); });
  CHECK(rings(wakeup, 20000));
  other.join();
}

TEST_CASE("the descriptor is not inherited by programs", "[wakeup]") {
  const Wakeup wakeup;
  CHECK((::fcntl(wakeup.fd(), F_GETFD) & FD_CLOEXEC) != 0);
}
