#include <catch2/catch.hpp>

#include "mod_wsflow/os/socket.hpp"
#include "t/unit/support/sockets.hpp"
#include "t/unit/support/wait.hpp"

using namespace wsflow;

TEST_CASE("what was written to a peer that has ended and then resets waits for nobody", "[delivery]") {
  auto pair = test::tcp_pair();
  pair.peer.reset();  // it had read everything: an end of stream
  REQUIRE(test::eventually([&] { return test::receive_some(pair.ours.get()).ended == test::Ended::eof; }));
  // Nobody takes this, and the answer is a reset.
  REQUIRE(test::send_all(pair.ours.get(), test::pattern(10)));
  CHECK(test::eventually([&] { return os::delivery(pair.ours.get()).waiting == 0; }));
}
