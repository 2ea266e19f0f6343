#include <algorithm>
#include <catch2/catch.hpp>

#include "t/unit/support/tunnel_rig.hpp"

using namespace wsflow;
using test::bytes_of;
using test::TunnelRig;
using tunnel::Side;

static_assert(base::kAsserts || sizeof(tunnel::Tunnel) <= 424,
              "an idle tunnel costs less than 512 bytes with the allocator's share");

namespace {

tunnel::Options watermark(std::uint32_t bytes) {
  tunnel::Options options;
  options.high_watermark = bytes;
  return options;
}

bool owns_buffer(TunnelRig& rig, Side side) {
  return rig.side(side).pending.front().data() != nullptr;
}

}  // namespace

TEST_CASE("an idle tunnel owns no buffer, before and after its traffic", "[tunnel]") {
  TunnelRig rig;
  CHECK_FALSE(owns_buffer(rig, Side::client));
  CHECK_FALSE(owns_buffer(rig, Side::origin));
  test::shrink_send_buffer(rig.side(Side::origin).stream.fd());
  const auto bytes = test::pattern(50000);
  REQUIRE(test::send_some(rig.client.get(), bytes) == bytes.size());
  rig.run();
  CHECK(owns_buffer(rig, Side::origin));
  test::Bytes arrived;
  do {
    test::append(arrived, test::receive_some(rig.origin.get()).bytes);
    rig.run();
  } while (owns_buffer(rig, Side::origin));
  test::append(arrived, test::receive_some(rig.origin.get()).bytes);
  CHECK(arrived == bytes);
  CHECK_FALSE(owns_buffer(rig, Side::client));
}

TEST_CASE("bytes pass both ways unchanged and are counted", "[tunnel]") {
  TunnelRig rig;
  const auto there = test::frame(ws::Opcode::text, true, bytes_of("hello"), true);
  const auto back = test::frame(ws::Opcode::binary, true, test::pattern(1000));
  REQUIRE(test::send_all(rig.client.get(), there));
  REQUIRE(test::send_all(rig.origin.get(), back));
  CHECK_FALSE(rig.run());
  CHECK(test::receive_some(rig.origin.get()).bytes == there);
  CHECK(test::receive_some(rig.client.get()).bytes == back);
  CHECK(rig.tunnel->from(Side::client).messages() == 1);
  CHECK(rig.tunnel->from(Side::origin).bytes() == back.size());
  CHECK(rig.process.count(metrics::kBytes(metrics::Direction::client_to_origin)) == there.size());
  CHECK(rig.process.count(metrics::kBytes(metrics::Direction::origin_to_client)) == back.size());
  CHECK_FALSE(rig.tunnel->ending());
}

TEST_CASE("bytes that are no WebSocket pass all the same", "[tunnel]") {
  TunnelRig rig;
  const auto text = bytes_of("this is no frame at all \xFF\xFF\xFF");
  REQUIRE(test::send_all(rig.client.get(), text));
  REQUIRE(test::send_all(rig.origin.get(), text));
  CHECK_FALSE(rig.run());
  CHECK(test::receive_some(rig.origin.get()).bytes == text);
  CHECK(test::receive_some(rig.client.get()).bytes == text);
}

TEST_CASE("at the high watermark the other side is no longer read, below half of it again", "[tunnel]") {
  const auto reader = GENERATE(Side::client, Side::origin);
  constexpr std::uint32_t kHigh = 32768;
  TunnelRig rig(watermark(kHigh));
  const auto writer = tunnel::other(reader);
  const int from = (writer == Side::client ? rig.client : rig.origin).get();
  const int to = (reader == Side::client ? rig.client : rig.origin).get();
  test::shrink_send_buffer(rig.side(reader).stream.fd());
  // The watermark is larger than one read, so that the queue is full to the byte.
  const auto bytes = test::pattern(300000);
  std::size_t sent = test::send_some(from, bytes);
  rig.turn();
  CHECK(rig.side(reader).pending.size() == kHigh);
  CHECK(rig.side(writer).read_paused);

  test::Bytes arrived;
  bool resumed_late = false;
  bool resumed = false;
  while (arrived.size() < bytes.size()) {
    const auto piece = test::receive_exactly(to, std::min<std::size_t>(2048, bytes.size() - arrived.size()));
    REQUIRE_FALSE(piece.empty());
    test::append(arrived, piece);
    const bool was_paused = rig.side(writer).read_paused;
    rig.side(reader).write_blocked = false;
    rig.tunnel->flush(reader);
    const auto waiting = rig.side(reader).pending.size();
    if (was_paused) {
      resumed = resumed || !rig.side(writer).read_paused;
      resumed_late = resumed_late || rig.side(writer).read_paused != (waiting > kHigh / 2);
    }
    sent += test::send_some(from, std::span(bytes).subspan(sent));
    rig.turn();
    REQUIRE(rig.side(reader).pending.size() <= kHigh);
  }
  CHECK(resumed);
  CHECK_FALSE(resumed_late);
  CHECK(arrived == bytes);
}

TEST_CASE("a budget ends a turn with more to come", "[tunnel]") {
  TunnelRig rig;
  const auto bytes = test::pattern(60000);
  REQUIRE(test::send_some(rig.client.get(), bytes) == bytes.size());
  test::Bytes buffer(1000);
  // Each read costs a share of the budget, however few bytes it returns.
  CHECK(rig.tunnel->relay(Side::client, buffer, 5 * (1000 + 4096), rig.process.recorder));
  CHECK(rig.tunnel->from(Side::client).bytes() == 5000);
  CHECK(rig.tunnel->take_progress());
  CHECK_FALSE(rig.tunnel->take_progress());
  CHECK_FALSE(rig.tunnel->relay(Side::client, buffer, 1000000, rig.process.recorder));
  CHECK(test::receive_exactly(rig.origin.get(), bytes.size()) == bytes);
}

TEST_CASE("early bytes go first and in order, and count", "[tunnel]") {
  TunnelRig rig;
  const auto early = test::frame(ws::Opcode::text, true, bytes_of("early"), true);
  const auto more = test::frame(ws::Opcode::text, true, bytes_of("more"), true);
  const auto late = test::frame(ws::Opcode::text, true, bytes_of("late"), true);
  rig.tunnel->preload(Side::client, early, rig.process.recorder);
  rig.tunnel->preload(Side::client, {}, rig.process.recorder);
  rig.tunnel->preload(Side::client, more, rig.process.recorder);
  rig.tunnel->preload(Side::origin, test::frame(ws::Opcode::ping, true, {}), rig.process.recorder);
  REQUIRE(test::send_all(rig.client.get(), late));
  rig.run();
  test::Bytes all = early;
  test::append(all, more);
  test::append(all, late);
  CHECK(test::receive_some(rig.origin.get()).bytes == all);
  CHECK(test::receive_some(rig.client.get()).bytes == test::frame(ws::Opcode::ping, true, {}));
  CHECK(rig.tunnel->from(Side::client).messages() == 3);
}

TEST_CASE("early bytes beyond the watermark are kept, and reading waits for them", "[tunnel]") {
  TunnelRig rig(watermark(1024));
  test::shrink_send_buffer(rig.side(Side::origin).stream.fd());
  const auto early = test::pattern(40000);
  rig.tunnel->preload(Side::client, early, rig.process.recorder);
  REQUIRE(test::send_all(rig.client.get(), bytes_of("late")));
  test::Bytes arrived;
  while (arrived.size() < early.size() + 4) {
    rig.run();
    const auto received = test::receive_some(rig.origin.get());
    REQUIRE_FALSE(received.bytes.empty());
    test::append(arrived, received.bytes);
  }
  test::Bytes all = early;
  test::append(all, bytes_of("late"));
  CHECK(arrived == all);
}
