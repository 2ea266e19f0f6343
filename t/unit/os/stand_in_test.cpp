#include "mod_wsflow/os/stand_in.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <catch2/catch.hpp>

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
  os::StandIn stand_in;
  REQUIRE(stand_in.prepare(number));
  REQUIRE(stand_in.put_in());

  REQUIRE(::write(pair.peer.get(), "x", 1) == 1);
  CHECK_FALSE(readable(number));  // what the peer does wakes nobody
  CHECK(readable(stand_in.socket()));
  stand_in.ring();
  CHECK(readable(number));
  CHECK((::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);

  stand_in.take_out();
  char byte = 0;
  CHECK(::read(number, &byte, 1) == 1);
  CHECK(byte == 'x');
  stand_in.take_out();  // once more does nothing
  CHECK_FALSE(readable(number));
}

TEST_CASE("the end of a stand-in puts the socket back", "[stand_in]") {
  const auto pair = test::socket_pair();
  const int number = pair.ours.get();
  {
    os::StandIn stand_in;
    REQUIRE(stand_in.prepare(number));
    REQUIRE(stand_in.put_in());
  }
  REQUIRE(::write(pair.peer.get(), "x", 1) == 1);
  CHECK(readable(number));
}

TEST_CASE("a stand-in that was never put in changes nothing", "[stand_in]") {
  const auto pair = test::socket_pair();
  {
    os::StandIn stand_in;
    REQUIRE(stand_in.prepare(pair.ours.get()));
    stand_in.ring();
    CHECK_FALSE(readable(pair.ours.get()));
  }
  REQUIRE(::write(pair.peer.get(), "x", 1) == 1);
  CHECK(readable(pair.ours.get()));
}

TEST_CASE("a descriptor that is none is refused", "[stand_in]") {
  os::StandIn stand_in;
  CHECK_FALSE(stand_in.prepare(-1));
}
