#include "mod_wsflow/os/wait_set.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "t/unit/support/sockets.hpp"

using namespace wsflow;

namespace {

bool readable(const os::WaitSet& waits, int ms = 0) {
  pollfd one{.fd = waits.fd(), .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, ms) == 1;
}

}  // namespace

TEST_CASE("a descriptor that can be read ends the wait, and the next one takes its place", "[wait_set]") {
  const auto first = test::socket_pair();
  const auto second = test::socket_pair();
  os::WaitSet waits;
  REQUIRE(waits.open());
  CHECK_FALSE(readable(waits));
  REQUIRE(waits.watch(first.ours.get(), false));
  CHECK_FALSE(readable(waits));
  REQUIRE(::write(first.peer.get(), "x", 1) == 1);
  CHECK(readable(waits));
  CHECK(readable(waits));  // as long as it can be read
  REQUIRE(waits.watch(second.ours.get(), false));
  CHECK_FALSE(readable(waits));
  REQUIRE(waits.watch(second.ours.get(), true));
  CHECK(readable(waits));  // it can be written
  REQUIRE(waits.watch(-1, false));
  CHECK_FALSE(readable(waits));
}

TEST_CASE("the end of a peer ends the wait until it is no news", "[wait_set]") {
  const auto client = test::socket_pair();
  os::WaitSet waits;
  REQUIRE(waits.open());
  REQUIRE(waits.watch_hang_up(client.ours.get()));
  REQUIRE(::write(client.peer.get(), "x", 1) == 1);
  CHECK_FALSE(readable(waits));  // what it sends is none of our business
  REQUIRE(::shutdown(client.peer.get(), SHUT_WR) == 0);
  CHECK(readable(waits));
  waits.expect_loss_only(client.ours.get());
  CHECK_FALSE(readable(waits));
  REQUIRE(::shutdown(client.peer.get(), SHUT_RDWR) == 0);
  CHECK(readable(waits));
}

TEST_CASE("a time ends the wait, and may be put off", "[wait_set]") {
  os::WaitSet waits;
  REQUIRE(waits.open());
  REQUIRE(waits.wait_until(base::now() - base::Millis(5)));
  CHECK(readable(waits, 5000));
  REQUIRE(waits.wait_until(base::now() + std::chrono::hours(1)));
  CHECK_FALSE(readable(waits));
  REQUIRE(waits.wait_until(base::now() + base::Millis(10)));
  CHECK(readable(waits, 5000));
}
