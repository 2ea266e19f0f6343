#include "mod_wsflow/tunnel/endpoint.hpp"

#include <catch2/catch.hpp>
#include <memory>

#include "t/unit/support/sockets.hpp"

using namespace wsflow;
using test::bytes_of;
using tunnel::Endpoint;

namespace {

struct OneSide {
  OneSide() : OneSide(test::socket_pair()) {}
  explicit OneSide(test::Connection pair) : peer(std::move(pair.peer)), endpoint(std::move(pair.ours), {}) {
    test::shrink_send_buffer(endpoint.stream.fd());
  }

  base::UniqueFd peer;
  Endpoint endpoint;
};

}  // namespace

TEST_CASE("a new endpoint is open both ways and owns no buffer", "[endpoint]") {
  const OneSide side;
  CHECK_FALSE(side.endpoint.finished_reading());
  CHECK_FALSE(side.endpoint.done());
  CHECK(side.endpoint.pending.front().data() == nullptr);
}

TEST_CASE("write_through stops where the peer takes no more, and flush goes on there", "[endpoint]") {
  OneSide side;
  const auto bytes = test::pattern(1 << 20);
  const auto written = side.endpoint.write_through(bytes);
  CHECK(written > 0);
  CHECK(written < bytes.size());
  CHECK(side.endpoint.write_blocked);
  CHECK_FALSE(side.endpoint.lost);
  CHECK(side.endpoint.write_through(bytes) == 0);  // not before the next edge
  side.endpoint.pending.append(std::span(bytes).subspan(written));
  CHECK_FALSE(side.endpoint.flush());

  test::Bytes arrived;
  while (!side.endpoint.pending.empty()) {
    const auto received = test::receive_some(side.peer.get());
    REQUIRE_FALSE(received.bytes.empty());
    test::append(arrived, received.bytes);
    side.endpoint.write_blocked = false;
    side.endpoint.flush();
  }
  test::append(arrived, test::receive_some(side.peer.get()).bytes);
  CHECK(arrived == bytes);
  CHECK(side.endpoint.pending.front().data() == nullptr);
}

TEST_CASE("a peer that is gone gets no more, and can be read to its end", "[endpoint]") {
  OneSide side;
  side.endpoint.pending.append(bytes_of("abc"));
  side.peer.reset();
  CHECK(side.endpoint.flush());
  CHECK(side.endpoint.write_failed);
  CHECK(side.endpoint.out_ended);
  CHECK(side.endpoint.pending.empty());
  CHECK(side.endpoint.readable());
  CHECK_FALSE(side.endpoint.done());
  CHECK(side.endpoint.write_through(bytes_of("abc")) == 0);
}

TEST_CASE("end_output sends the end once", "[endpoint]") {
  OneSide side;
  side.endpoint.end_output();
  side.endpoint.end_output();
  CHECK(side.endpoint.out_ended);
  CHECK(test::receive_to_end(side.peer.get()).ended == test::Ended::eof);
  CHECK_FALSE(side.endpoint.done());
  side.endpoint.in_ended = true;
  CHECK(side.endpoint.done());
}
