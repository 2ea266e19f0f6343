#include <catch2/catch.hpp>

#include "t/unit/support/tunnel_rig.hpp"

using namespace wsflow;
using base::Outcome;
using test::Bytes;
using test::Ended;
using test::frame;
using test::TunnelRig;
using tunnel::Side;
using ws::Opcode;

namespace {

base::UniqueFd& peer(TunnelRig& rig, Side side) {
  return side == Side::client ? rig.client : rig.origin;
}
Bytes message(Side sender, std::size_t size = 10) {
  return frame(Opcode::text, true, test::pattern(size), sender == Side::client);
}
void say(TunnelRig& rig, Side side, const Bytes& bytes) {
  REQUIRE(test::send_all(peer(rig, side).get(), bytes));
  rig.run();
}

// The code of the Close frame behind the first `skip` bytes, the last bytes; 1005: it has none, 0: it is no
// Close frame.
unsigned close_code(const Bytes& bytes, std::size_t skip, Side to) {
  const bool masked = to == Side::origin;
  const std::size_t head = masked ? 6 : 2;
  if (bytes.size() < skip + head || bytes[skip] != 0x88) return 0;
  if ((bytes[skip + 1] & 0x80U) != (masked ? 0x80U : 0U)) return 0;
  if (bytes.size() == skip + head) return 1005;
  if (bytes.size() != skip + head + (bytes[skip + 1] & 0x7FU)) return 0;
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned>(bytes[skip + head + i] ^ (masked ? bytes[skip + 2 + i] : 0));
  };
  return byte(0) << 8U | byte(1);
}

}  // namespace

TEST_CASE("who is left hears a Close frame before the end of stream", "[tunnel][tell]") {
  const auto gone = GENERATE(Side::client, Side::origin);
  const bool broken = GENERATE(false, true);
  const auto left = tunnel::other(gone);
  TunnelRig rig({}, TunnelRig::Kind::tcp);
  const auto last = message(gone);
  say(rig, gone, last);
  if (broken) {
    test::reset_connection(std::move(peer(rig, gone)));
  } else {
    test::end_stream(peer(rig, gone).get());
  }
  test::Received heard;
  while (heard.ended == Ended::open) {
    rig.run();
    const auto some = test::receive_some(peer(rig, left).get());
    test::append(heard.bytes, some.bytes);
    heard.ended = some.ended;
  }
  CHECK(heard.ended == Ended::eof);
  CHECK(close_code(heard.bytes, last.size(), left) == (gone == Side::client ? 1001 : 1012));
  CHECK(rig.tunnel->our_close(left) == (gone == Side::client ? 1001 : 1012));
  CHECK(rig.tunnel->our_close(gone) == 0);
}

TEST_CASE("in the middle of a frame there is only the end of stream", "[tunnel][tell]") {
  const auto gone = GENERATE(Side::client, Side::origin);
  TunnelRig rig;
  auto begun = message(gone);
  begun.resize(GENERATE(1, 7, 9));
  say(rig, gone, begun);
  test::end_stream(peer(rig, gone).get());
  rig.run();
  const auto heard = test::receive_some(peer(rig, tunnel::other(gone)).get());
  CHECK(heard.bytes == begun);
  CHECK(heard.ended == Ended::eof);
}

TEST_CASE("who has sent a Close frame gets its own code back from a side that ends without one",
          "[tunnel][tell]") {
  const auto gone = GENERATE(Side::client, Side::origin);
  const auto left = tunnel::other(gone);
  const Bytes code = GENERATE(Bytes{}, Bytes{0x0F, 0xA1}, Bytes{0x03, 0xE8});
  TunnelRig rig;
  say(rig, left, frame(Opcode::close, true, code, left == Side::client));
  test::end_stream(peer(rig, gone).get());
  rig.run();
  const auto heard = test::receive_some(peer(rig, left).get());
  CHECK(close_code(heard.bytes, 0, left) == (code.empty() ? 1005U : unsigned{code[0]} * 256 + code[1]));
  CHECK(heard.ended == Ended::eof);
  CHECK(rig.tunnel->outcome() == Outcome::closed);
}

TEST_CASE("who has had a Close frame gets no other", "[tunnel][tell]") {
  const auto gone = GENERATE(Side::client, Side::origin);
  TunnelRig rig;
  const auto close = frame(Opcode::close, true, {0x03, 0xE8}, gone == Side::client);
  say(rig, gone, close);
  test::end_stream(peer(rig, gone).get());
  rig.run();
  const auto heard = test::receive_some(peer(rig, tunnel::other(gone)).get());
  CHECK(heard.bytes == close);
  CHECK(heard.ended == Ended::eof);
}

TEST_CASE("a frame that is too big ends the tunnel for both, each with its code", "[tunnel][tell]") {
  const auto sender = GENERATE(Side::client, Side::origin);
  const auto other = tunnel::other(sender);
  tunnel::Options options;
  options.messages[static_cast<std::size_t>(sender)].frame = 100;
  TunnelRig rig(options);
  const auto good = message(sender, 100);
  say(rig, sender, good);
  say(rig, sender, message(sender, 101));
  const auto to_sender = test::receive_some(peer(rig, sender).get());
  CHECK(close_code(to_sender.bytes, 0, sender) == 1009);
  CHECK(to_sender.ended == Ended::eof);
  const auto to_other = test::receive_some(peer(rig, other).get());
  CHECK(Bytes(to_other.bytes.begin(), to_other.bytes.begin() + static_cast<std::ptrdiff_t>(good.size())) ==
        good);
  CHECK(close_code(to_other.bytes, good.size(), other) == (other == Side::client ? 1012 : 1001));
  CHECK(rig.tunnel->outcome() == Outcome::too_big);
  say(rig, sender, message(sender));
  CHECK(test::receive_some(peer(rig, other).get()).bytes.empty());
}

TEST_CASE("early bytes are judged too", "[tunnel][tell]") {
  tunnel::Options options;
  options.strict = true;
  TunnelRig rig(options);
  auto early = message(Side::client);
  const auto good = early;
  test::append(early, frame(Opcode::text, true, {1}, false));
  rig.tunnel->preload(Side::client, early, rig.process.recorder);
  rig.run();
  const auto to_origin = test::receive_some(rig.origin.get());
  CHECK(close_code(to_origin.bytes, good.size(), Side::origin) == 1001);
  CHECK(close_code(test::receive_some(rig.client.get()).bytes, 0, Side::client) == 1002);
  CHECK(rig.tunnel->outcome() == Outcome::not_websocket);
}

TEST_CASE("too many bytes at once leave the receiver in the middle of a frame", "[tunnel][tell]") {
  tunnel::Options options;
  options.messages[0].bytes = 1000;
  options.messages[0].close = true;
  TunnelRig rig(options);
  say(rig, Side::client, test::header(Opcode::binary, true, 1'000'000, 64, true));
  say(rig, Side::client, test::pattern(2000));
  const auto to_origin = test::receive_some(rig.origin.get());
  CHECK(to_origin.bytes.size() == 14);
  CHECK(to_origin.ended == Ended::eof);
  CHECK(close_code(test::receive_some(rig.client.get()).bytes, 0, Side::client) == 1008);
  CHECK(rig.tunnel->outcome() == Outcome::too_fast);
}

TEST_CASE("less may wait for a side while too much waits in the process", "[tunnel][tell]") {
  TunnelRig rig;
  test::shrink_send_buffer(rig.side(Side::client).stream.fd());
  REQUIRE(test::send_some(rig.origin.get(), test::pattern(60'000)) == 60'000);
  Bytes buffer(1000);
  const auto relay = [&](bool crowded) {
    rig.tunnel->begin_turn({}, crowded);
    rig.tunnel->relay(Side::origin, buffer, SIZE_MAX, rig.process.recorder);
    return rig.tunnel->waiting();
  };
  const auto crowded = relay(true);
  CHECK(crowded >= 4096);
  CHECK(crowded < 4096 + buffer.size());
  CHECK(rig.side(Side::origin).read_paused);
  rig.side(Side::origin).read_paused = false;
  CHECK(relay(false) > 30'000);
}
