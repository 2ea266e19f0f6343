#include "mod_wsflow/os/poller.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <memory>
#include <optional>
#include <thread>

#include "mod_wsflow/os/wakeup.hpp"
#include "t/unit/support/assertion.hpp"
#include "t/unit/support/sockets.hpp"

using namespace wsflow;
using test::bytes_of;

namespace {

std::optional<os::Ready> wait_for(os::Poller& poller, std::uint64_t token, int timeout_ms) {
  for (const auto& ready : poller.wait(timeout_ms)) {
    if (ready.token == token) return ready;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("a new registration reports that it can be written", "[poller]") {
  const auto poller = std::make_unique<os::Poller>();
  REQUIRE(poller->valid());
  const auto pair = test::socket_pair();
  REQUIRE(poller->watch(pair.ours.get(), 0xFFFFFFFFFFFFFFFF));
  const auto ready = wait_for(*poller, 0xFFFFFFFFFFFFFFFF, 10000);
  REQUIRE(ready);
  CHECK(ready->writable);
  CHECK_FALSE(ready->readable);
  CHECK_FALSE(ready->hang_up);
}

TEST_CASE("an edge is reported once", "[poller]") {
  const auto poller = std::make_unique<os::Poller>();
  const auto pair = test::socket_pair();
  REQUIRE(poller->watch(pair.ours.get(), 7));
  poller->wait(10000);
  REQUIRE(test::send_all(pair.peer.get(), bytes_of("a")));
  const auto ready = wait_for(*poller, 7, 10000);
  REQUIRE(ready);
  CHECK(ready->readable);
  CHECK(poller->wait(0).empty());
  REQUIRE(test::send_all(pair.peer.get(), bytes_of("b")));
  CHECK(wait_for(*poller, 7, 10000));
}

TEST_CASE("a half-closed peer is a hang-up that can be read", "[poller]") {
  const auto poller = std::make_unique<os::Poller>();
  const auto pair = test::socket_pair();
  REQUIRE(poller->watch(pair.ours.get(), 7));
  poller->wait(10000);
  test::end_stream(pair.peer.get());
  const auto ready = wait_for(*poller, 7, 10000);
  REQUIRE(ready);
  CHECK(ready->hang_up);
  CHECK(ready->readable);
}

TEST_CASE("a reset is a hang-up that ends both directions", "[poller]") {
  const auto poller = std::make_unique<os::Poller>();
  auto pair = test::tcp_pair();
  REQUIRE(poller->watch(pair.ours.get(), 7));
  poller->wait(10000);
  test::reset_connection(std::move(pair.peer));
  const auto ready = wait_for(*poller, 7, 10000);
  REQUIRE(ready);
  CHECK(ready->hang_up);
  CHECK(ready->readable);
  CHECK(ready->writable);
}

TEST_CASE("a level-triggered registration is reported until it is cleared", "[poller]") {
  const auto poller = std::make_unique<os::Poller>();
  const os::Wakeup wakeup;
  REQUIRE(poller->watch_level(wakeup.fd(), 3));
  CHECK(poller->wait(0).empty());
  wakeup.ring();
  CHECK(wait_for(*poller, 3, 10000));
  CHECK(wait_for(*poller, 3, 0));
  wakeup.clear();
  CHECK(poller->wait(0).empty());
}

TEST_CASE("what the kernel refuses is told with errno", "[poller]") {
  const auto poller = std::make_unique<os::Poller>();
  errno = 0;
  CHECK_FALSE(poller->watch(-1, 1));
  CHECK(errno == EBADF);
  const auto pair = test::socket_pair();
  REQUIRE(poller->watch(pair.ours.get(), 1));
  CHECK_FALSE(poller->watch(pair.ours.get(), 2));
  CHECK(errno == EEXIST);
}

TEST_CASE("of a socket whose hang-up is watched, nothing but that is reported", "[poller]") {
  const auto poller = std::make_unique<os::Poller>();
  auto pair = test::socket_pair();
  REQUIRE(poller->watch_hang_up(pair.ours.get(), 5));
  REQUIRE(::write(pair.peer.get(), "x", 1) == 1);
  CHECK_FALSE(wait_for(*poller, 5, 0));
  pair.peer.reset();
  const auto ready = wait_for(*poller, 5, 10000);
  REQUIRE(ready);
  CHECK(ready->hang_up);
}

TEST_CASE("each write to a shared event descriptor is reported to everybody, unread", "[poller]") {
  const auto one = std::make_unique<os::Poller>();
  const auto other = std::make_unique<os::Poller>();
  const os::Wakeup bell;
  REQUIRE(one->watch_writes(bell.fd(), 1));
  REQUIRE(other->watch_writes(bell.fd(), 2));
  for (int round = 0; round < 3; ++round) {
    CHECK_FALSE(wait_for(*one, 1, 0));
    bell.ring();
    CHECK(wait_for(*one, 1, 10000));
    CHECK(wait_for(*other, 2, 10000));
  }
}

#ifdef WSFLOW_ASSERTS
TEST_CASE("only one thread waits for a poller", "[poller][assert]") {
  CHECK(test::asserts_in("thread_owner.hpp", [] {
    os::Poller poller;
    const std::thread other([&] { poller.wait(-1); });
    for (;;) poller.wait(1);
  }));
}
#endif
