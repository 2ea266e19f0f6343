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

TEST_CASE("the first end names the outcome", "[tunnel]") {
  TunnelRig rig;
  rig.tunnel->end_as(Outcome::server_stop);
  rig.tunnel->end_as(Outcome::client_eof);
  CHECK(rig.tunnel->outcome() == Outcome::server_stop);
}
