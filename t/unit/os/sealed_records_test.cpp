#include "mod_wsflow/os/sealed_records.hpp"

#include <array>
#include <catch2/catch.hpp>

#include "t/unit/support/socket_faults.hpp"
#include "t/unit/support/sockets.hpp"

using namespace wsflow;
using os::Io;
using os::SealedRecords;
using test::bytes_of;

TEST_CASE("records are collected while there is room, and sent together", "[sealed_records]") {
  auto pair = test::socket_pair();
  std::array<std::uint8_t, 8> buffer{};
  SealedRecords records(buffer);
  CHECK(records.collects());
  CHECK(records.add(bytes_of("abcd")));
  CHECK(records.room() == 4);
  CHECK_FALSE(records.add(bytes_of("efghi")));
  CHECK(records.add(bytes_of("efgh")));
  const test::SocketFaults calls;
  CHECK(records.send(pair.ours.get()).status == Io::ok);
  CHECK(calls.calls() == 1);
  CHECK(records.empty());
  CHECK(test::receive_some(pair.peer.get()).bytes == bytes_of("abcdefgh"));
}

TEST_CASE("what a socket does not take is kept, wherever it ends", "[sealed_records]") {
  for (std::size_t place = 0; place < 8; ++place) {
    auto pair = test::socket_pair();
    std::array<std::uint8_t, 8> buffer{};
    SealedRecords records(buffer);
    REQUIRE(records.add(bytes_of("abcdefgh")));
    {
      const test::SendQuota quota(place);
      REQUIRE(records.send(pair.ours.get()).status == Io::again);
    }
    SealedRecords kept(records, 5);
    buffer = {};
    REQUIRE(kept.valid());
    CHECK_FALSE(kept.collects());
    CHECK_FALSE(kept.empty());
    CHECK(kept.send(pair.ours.get()).status == Io::ok);
    CHECK(test::receive_some(pair.peer.get()).bytes == bytes_of("abcdefgh"));
    CHECK_FALSE(kept.settled());
    CHECK(kept.settle(3) == 3);
    CHECK(kept.settle(3) == 2);
    CHECK(kept.settled());
  }
}

TEST_CASE("a socket has room until it is full", "[sealed_records]") {
  auto pair = GENERATE(true, false) ? test::tcp_pair() : test::socket_pair();
  CHECK(os::send_room(pair.ours.get()) > 10000);
  const auto bytes = test::pattern(1 << 16);
  while (os::send(pair.ours.get(), bytes).status == Io::ok) {
  }
  CHECK(os::send_room(pair.ours.get()) < 33 * 1024);
  CHECK(os::send_room(-1) == 0);
}
