#include "mod_wsflow/os/stand_in.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "mod_wsflow/os/wakeup.hpp"
#include "t/unit/support/sockets.hpp"

using namespace wsflow;

namespace {

bool readable(int fd) {
  pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a stand-in takes the number of a socket, and gives it back", "[stand_in]") {
  const auto pair = test::socket_pair();
  const int number = pair.ours.get();
  const os::Wakeup event;
  os::StandIn stand_in;
  REQUIRE(stand_in.prepare(number));
  REQUIRE(stand_in.put_in(event.fd()));

  REQUIRE(::write(pair.peer.get(), "x", 1) == 1);
  CHECK_FALSE(readable(number));  // what the peer does wakes nobody
  CHECK(readable(stand_in.socket()));
  event.ring();
  CHECK(readable(number));
  CHECK((::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);

  stand_in.take_out();
  char byte = 0;
  CHECK(::read(number, &byte, 1) == 1);
  CHECK(byte == 'x');
  stand_in.take_out();  // once more does nothing
  CHECK_FALSE(readable(number));
}

TEST_CASE("the end of a stand-in leaves a number alone that may be another file's", "[stand_in]") {
  auto pair = test::socket_pair();
  const auto other = test::socket_pair();
  const int number = pair.ours.get();
  {
    const os::Wakeup event;
    os::StandIn stand_in;
    REQUIRE(stand_in.prepare(number));
    REQUIRE(stand_in.put_in(event.fd()));
    REQUIRE(::dup2(other.ours.get(), number) == number);  // closed and in use again
  }
  REQUIRE(::write(other.peer.get(), "x", 1) == 1);
  CHECK(readable(number));
  CHECK(readable(pair.peer.get()));  // its last descriptor is closed
}

TEST_CASE("a stand-in that was never put in changes nothing", "[stand_in]") {
  const auto pair = test::socket_pair();
  {
    const os::Wakeup event;
    os::StandIn stand_in;
    REQUIRE(stand_in.prepare(pair.ours.get()));
    event.ring();
    CHECK_FALSE(readable(pair.ours.get()));
  }
  REQUIRE(::write(pair.peer.get(), "x", 1) == 1);
  CHECK(readable(pair.ours.get()));
}

TEST_CASE("a descriptor that is none is refused", "[stand_in]") {
  const os::Wakeup event;
  os::StandIn stand_in;
  CHECK_FALSE(stand_in.prepare(-1));
}
