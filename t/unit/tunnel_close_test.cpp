#include <catch2/catch.hpp>

#include "t/unit/support/tunnel_rig.hpp"

using namespace wsflow;
using base::Outcome;
using test::Ended;
using test::TunnelRig;
using tunnel::Side;

namespace {

test::Bytes close_frame(Side from) {
  return test::frame(ws::Opcode::close, true, {0x03, 0xE8}, from == Side::client);
}

// The payload of a masked frame of two bytes.
test::Bytes unmasked(const test::Bytes& frame) {
  return {static_cast<std::uint8_t>(frame.at(6) ^ frame.at(2)),
          static_cast<std::uint8_t>(frame.at(7) ^ frame.at(3))};
}

}  // namespace

TEST_CASE("after both Close frames the client gets its FIN first, and the origin is left to send its own",
          "[tunnel]") {
  const auto first = GENERATE(Side::client, Side::origin);
  TunnelRig rig;
  const auto say = [&](Side side) {
    REQUIRE(test::send_all((side == Side::client ? rig.client : rig.origin).get(), close_frame(side)));
    return rig.run();
  };
  CHECK_FALSE(say(first));
  CHECK_FALSE(rig.tunnel->ending());
  CHECK_FALSE(say(tunnel::other(first)));
  CHECK(rig.tunnel->ending());

  const auto to_client = test::receive_some(rig.client.get());
  CHECK(to_client.bytes == close_frame(Side::origin));
  CHECK(to_client.ended == Ended::eof);
  const auto to_origin = test::receive_some(rig.origin.get());
  CHECK(to_origin.bytes == close_frame(Side::client));
  CHECK(to_origin.ended == Ended::open);

  SECTION("then the client ends") {
    test::end_stream(rig.client.get());
    CHECK_FALSE(rig.run());
    CHECK(test::receive_some(rig.origin.get()).ended == Ended::eof);
    rig.origin.reset();
    CHECK(rig.run());
  }
  SECTION("then the origin ends") {
    test::end_stream(rig.origin.get());
    CHECK_FALSE(rig.run());
    CHECK(test::receive_some(rig.origin.get()).ended == Ended::eof);
    rig.client.reset();
    CHECK(rig.run());
  }
  CHECK(rig.tunnel->outcome() == Outcome::closed);
}

TEST_CASE("one Close frame and an end of stream is a good end", "[tunnel]") {
  const auto side = GENERATE(Side::client, Side::origin);
  TunnelRig rig;
  auto& peer = side == Side::client ? rig.client : rig.origin;
  REQUIRE(test::send_all(peer.get(), close_frame(side)));
  test::end_stream(peer.get());
  CHECK_FALSE(rig.run());
  CHECK(rig.tunnel->outcome() == Outcome::closed);
}

TEST_CASE("close_both tells both sides 1001, masked to the origin alone", "[tunnel]") {
  TunnelRig rig;
  rig.tunnel->close_both(1001, 0x12345678);
  const auto to_client = test::receive_to_end(rig.client.get());
  CHECK(to_client.bytes == test::Bytes{0x88, 0x02, 0x03, 0xE9});
  CHECK(to_client.ended == Ended::eof);
  const auto to_origin = test::receive_to_end(rig.origin.get());
  REQUIRE(to_origin.bytes.size() == 8);
  CHECK(test::Bytes(to_origin.bytes.begin(), to_origin.bytes.begin() + 6) ==
        test::Bytes{0x88, 0x82, 0x12, 0x34, 0x56, 0x78});
  CHECK(unmasked(to_origin.bytes) == test::Bytes{0x03, 0xE9});
  CHECK(to_origin.ended == Ended::eof);
  CHECK(rig.tunnel->outcome() == Outcome::server_stop);
}

TEST_CASE("close_both puts no frame into an unfinished one", "[tunnel]") {
  const auto unfinished = GENERATE(1U, 2U, 5U, 20U);
  TunnelRig rig;
  auto frame = test::frame(ws::Opcode::text, true, test::pattern(50));
  frame.resize(unfinished);
  REQUIRE(test::send_all(rig.origin.get(), frame));
  rig.run();
  rig.tunnel->close_both(1001, 1);
  const auto to_client = test::receive_to_end(rig.client.get());
  CHECK(to_client.bytes == frame);
  CHECK(to_client.ended == Ended::eof);
  CHECK(test::receive_to_end(rig.origin.get()).bytes.size() == 8);  // that direction is at a boundary
}

TEST_CASE("close_both puts no second Close frame behind the peer's own", "[tunnel]") {
  TunnelRig rig;
  REQUIRE(test::send_all(rig.origin.get(), close_frame(Side::origin)));
  rig.run();
  rig.tunnel->close_both(1001, 1);
  CHECK(test::receive_to_end(rig.client.get()).bytes == close_frame(Side::origin));
  CHECK(test::receive_to_end(rig.origin.get()).bytes.size() == 8);
}

TEST_CASE("close_both says nothing WebSocket-like into bytes that are none", "[tunnel]") {
  TunnelRig rig;
  REQUIRE(test::send_all(rig.origin.get(), test::bytes_of("\xFF\xFF\xFF")));
  rig.run();
  rig.tunnel->close_both(1001, 1);
  CHECK(test::receive_to_end(rig.client.get()).bytes == test::bytes_of("\xFF\xFF\xFF"));
}

TEST_CASE("close_both leaves a side alone whose end was sent or that is lost", "[tunnel]") {
  TunnelRig rig;
  test::end_stream(rig.client.get());
  rig.run();
  REQUIRE(rig.side(Side::origin).out_ended);
  rig.tunnel->close_both(1001, 1);
  CHECK(test::receive_to_end(rig.origin.get()).bytes.empty());
  CHECK(test::receive_to_end(rig.client.get()).bytes.size() == 4);
}

TEST_CASE("what waits goes out before the Close frame of close_both", "[tunnel]") {
  TunnelRig rig;
  const auto early = test::frame(ws::Opcode::text, true, test::bytes_of("early"));
  rig.tunnel->preload(Side::origin, early, rig.process.recorder);
  rig.tunnel->close_both(1001, 1);
  auto expected = early;
  test::append(expected, {0x88, 0x02, 0x03, 0xE9});
  CHECK(test::receive_to_end(rig.client.get()).bytes == expected);
}

TEST_CASE("the first end names the outcome", "[tunnel]") {
  TunnelRig rig;
  rig.tunnel->end_as(Outcome::server_stop);
  rig.tunnel->end_as(Outcome::client_eof);
  CHECK(rig.tunnel->outcome() == Outcome::server_stop);
  rig.tunnel->override_outcome(Outcome::close_timeout);
  CHECK(rig.tunnel->outcome() == Outcome::close_timeout);
}
