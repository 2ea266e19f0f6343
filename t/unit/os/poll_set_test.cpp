#include "mod_wsflow/os/poll_set.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <chrono>

#include "mod_wsflow/os/socket.hpp"

using namespace wsflow::os;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {
constexpr std::array<std::uint8_t, 3> kBytes{1, 2, 3};

auto time_of_wait(PollSet& set, std::chrono::microseconds most) {
  const auto began = steady_clock::now();
  set.wait(most);
  return steady_clock::now() - began;
}
}  // namespace

TEST_CASE("a set waits for what one of its descriptors is wanted for", "[poll_set]") {
  auto pair = socket_pair(32768);
  REQUIRE(pair[0]);
  PollSet set;
  SECTION("nothing is there") {
    set.add(pair[0].get(), true, false);
    CHECK(time_of_wait(set, 30ms) >= 30ms);
  }
  SECTION("bytes are there") {
    REQUIRE(send(pair[1].get(), kBytes).bytes == 3);
    set.add(pair[0].get(), true, false);
    CHECK(time_of_wait(set, 10s) < 5s);
  }
  SECTION("it can be written") {
    set.add(pair[0].get(), false, true);
    CHECK(time_of_wait(set, 10s) < 5s);
  }
  SECTION("what is wanted for nothing is left out, its end too") {
    pair[1].reset();
    set.add(pair[0].get(), false, false);
    set.add(-1, true, true);
    CHECK(time_of_wait(set, 30ms) >= 30ms);
  }
  SECTION("a set that was cleared has nothing") {
    REQUIRE(send(pair[1].get(), kBytes).bytes == 3);
    set.add(pair[0].get(), true, false);
    set.clear();
    CHECK(time_of_wait(set, 30ms) >= 30ms);
  }
}

TEST_CASE("the ends of a pair are one stream, never wait, and hold little", "[socket]") {
  auto pair = socket_pair(32768);
  REQUIRE(pair[1]);
  std::array<std::uint8_t, 1024> block{};
  std::size_t held = 0;
  while (held < 1'000'000) {
    const auto sent = send(pair[0].get(), block);
    if (sent.status != Io::ok) break;
    held += sent.bytes;
  }
  CHECK(held > 4096);
  CHECK(held < 262'144);
  CHECK(receive(pair[1].get(), block).bytes == block.size());
  pair[0].reset();
  while (receive(pair[1].get(), block).status == Io::ok) {
  }
  CHECK(receive(pair[1].get(), block).status == Io::eof);
}
