#include <catch2/catch.hpp>

#include "t/unit/support/tls_pair.hpp"
#include "t/unit/support/told.hpp"
#include "t/unit/support/tunnel_rig.hpp"
#include "t/unit/support/wait.hpp"

using namespace wsflow;
using base::Outcome;
using test::Bytes;
using test::Ended;
using test::frame;
using test::TunnelRig;
using tunnel::Side;
using ws::Opcode;

namespace {

constexpr std::uint32_t kKey = 0x12345678;

// The Close frame of a begin_close with 1001; without another `reason`, of a drain.
Bytes our_close(Side to, std::string_view reason = "draining") {
  auto frame = test::close_with(1001, reason);
  if (to == Side::client) return frame;
  constexpr std::uint8_t kMask[] = {0x12, 0x34, 0x56, 0x78};
  for (std::size_t i = 2; i < frame.size(); ++i) frame[i] ^= kMask[(i - 2) % 4];
  frame[1] |= 0x80U;
  frame.insert(frame.begin() + 2, std::begin(kMask), std::end(kMask));
  return frame;
}

// `heard` with the mask taken from the Close frame at its end, which has a key of its own where it could not
// be sent at once.
Bytes with_known_key(Bytes heard, Side to) {
  const auto frame = our_close(to);
  if (to == Side::client || heard.size() < frame.size()) return heard;
  auto* const last = heard.data() + (heard.size() - frame.size());
  for (std::size_t i = 0; i < frame.size() - 6; ++i)
    last[6 + i] = static_cast<std::uint8_t>(last[6 + i] ^ last[2 + i % 4] ^ frame[2 + i % 4]);
  std::copy_n(frame.begin() + 2, 4, last + 2);
  return heard;
}

// The size of the Close frame to a side whose peer was lost.
std::size_t close_size(Side to) {
  return our_close(to, to == Side::client ? "origin lost" : "client lost").size();
}

bool masked(Side sender) {
  return sender == Side::client;
}

int peer(const TunnelRig& rig, Side side) {
  return (side == Side::client ? rig.client : rig.origin).get();
}

void begin_close(TunnelRig& rig, Outcome outcome = Outcome::drained) {
  rig.tunnel->begin_close({1001, 1001}, kKey, outcome);
  rig.run();
}

void say(TunnelRig& rig, Side side, std::span<const std::uint8_t> bytes) {
  REQUIRE(test::send_all(peer(rig, side), bytes));
  CHECK_FALSE(rig.run());
}

Bytes joined(const Bytes& first, const Bytes& second) {
  auto both = first;
  test::append(both, second);
  return both;
}

// The peer reads slowly until its stream ends.
test::Received hear_to_end(TunnelRig& rig, Side side) {
  test::Received all;
  while (all.ended == Ended::open) {
    const auto some = test::receive_some(peer(rig, side));
    test::append(all.bytes, some.bytes);
    all.ended = some.ended;
    rig.run();
  }
  return all;
}

void check_told(TunnelRig& rig, Side side, std::string_view reason = "draining") {
  const auto heard = test::receive_some(peer(rig, side));
  CHECK(heard.bytes == our_close(side, reason));
  CHECK(heard.ended == Ended::eof);
}

}  // namespace

TEST_CASE("between frames both sides are told at once, masked to the origin alone, and ended", "[tunnel]") {
  TunnelRig rig;
  CHECK_FALSE(rig.tunnel->closing());
  begin_close(rig);
  CHECK(rig.tunnel->closing());
  CHECK(rig.tunnel->ending());
  check_told(rig, Side::client);
  check_told(rig, Side::origin);
  rig.client.reset();
  CHECK_FALSE(rig.run());
  rig.origin.reset();
  CHECK(rig.run());
  CHECK(rig.tunnel->outcome() == Outcome::drained);
}

TEST_CASE("a frame that is on its way becomes whole before its side is told", "[tunnel]") {
  const auto sender = GENERATE(Side::client, Side::origin);
  const auto seen = GENERATE(1U, 2U, 5U, 20U);
  const auto hearer = tunnel::other(sender);
  TunnelRig rig;
  const auto whole = frame(Opcode::text, true, test::pattern(50), masked(sender));
  const std::span all(whole);
  say(rig, sender, all.first(seen));
  begin_close(rig);
  check_told(rig, sender);  // that direction was between frames

  CHECK_FALSE(rig.run());
  auto heard = test::receive_some(peer(rig, hearer));
  CHECK(heard.ended == Ended::open);
  say(rig, sender, all.subspan(seen, 3));
  test::append(heard.bytes, test::receive_some(peer(rig, hearer)).bytes);
  CHECK(heard.bytes == Bytes(whole.begin(), whole.begin() + seen + 3));

  auto rest = Bytes(whole.begin() + seen + 3, whole.end());
  test::append(rest, frame(Opcode::text, true, test::pattern(70), masked(sender)));
  say(rig, sender, rest);
  const auto last = test::receive_some(peer(rig, hearer));
  test::append(heard.bytes, last.bytes);
  CHECK(with_known_key(heard.bytes, hearer) == joined(whole, our_close(hearer)));
  CHECK(last.ended == Ended::eof);
  say(rig, sender, frame(Opcode::text, true, {}, masked(sender)));
  const auto direction = static_cast<metrics::Direction>(sender);
  CHECK(rig.tunnel->from(sender).bytes() == whole.size());
  CHECK(rig.tunnel->from(sender).messages() == 1);
  CHECK(rig.process.count(metrics::kBytes(direction)) == whole.size());
  CHECK(rig.process.count(metrics::kMessages(direction)) == 1);
  CHECK(rig.tunnel->outcome() == Outcome::drained);
}

TEST_CASE("a side is told between the fragments of a message", "[tunnel]") {
  const auto sender = GENERATE(Side::client, Side::origin);
  const bool inside = GENERATE(false, true);
  const auto hearer = tunnel::other(sender);
  TunnelRig rig;
  auto first = frame(Opcode::text, false, test::pattern(9), masked(sender));
  if (inside) {
    say(rig, sender, std::span(first).first(4));
    begin_close(rig);
    say(rig, sender,
        joined(Bytes(first.begin() + 4, first.end()),
               frame(Opcode::continuation, true, test::pattern(5), masked(sender))));
  } else {
    say(rig, sender, first);
    begin_close(rig);
    say(rig, sender, frame(Opcode::continuation, true, test::pattern(5), masked(sender)));
  }
  const auto heard = test::receive_some(peer(rig, hearer));
  CHECK(with_known_key(heard.bytes, hearer) == joined(first, our_close(hearer)));
  CHECK(heard.ended == Ended::eof);
  CHECK(rig.tunnel->from(sender).bytes() == first.size());
}

TEST_CASE("what a side sends behind our Close frame is dropped and is no progress", "[tunnel]") {
  const auto sender = GENERATE(Side::client, Side::origin);
  TunnelRig rig;
  begin_close(rig);
  rig.tunnel->take_progress();
  REQUIRE(test::send_all(peer(rig, sender), frame(Opcode::text, true, test::pattern(500), masked(sender))));
  REQUIRE(test::send_all(peer(rig, sender), frame(Opcode::close, true, {0x03, 0xE8}, masked(sender))));
  CHECK_FALSE(rig.turn());
  CHECK_FALSE(rig.tunnel->take_progress());
  CHECK(rig.tunnel->from(sender).bytes() == 0);
  CHECK_FALSE(rig.tunnel->from(sender).close_seen());
  CHECK(rig.process.count(metrics::kBytes(static_cast<metrics::Direction>(sender))) == 0);
  check_told(rig, tunnel::other(sender));
}

TEST_CASE("no second Close frame goes behind the peer's own", "[tunnel]") {
  const auto sender = GENERATE(Side::client, Side::origin);
  const auto hearer = tunnel::other(sender);
  TunnelRig rig;
  const auto own = frame(Opcode::close, true, {0x03, 0xE8}, masked(sender));
  SECTION("which has passed") {
    say(rig, sender, own);
    begin_close(rig);
  }
  SECTION("which is on its way") {
    say(rig, sender, std::span(own).first(3));
    begin_close(rig);
    CHECK(test::receive_some(peer(rig, sender)).bytes == our_close(sender));
    say(rig, sender, std::span(own).subspan(3));
  }
  const auto heard = test::receive_some(peer(rig, hearer));
  CHECK(heard.bytes == own);
  CHECK(heard.ended == Ended::eof);
  CHECK(rig.tunnel->from(sender).close_seen());
  rig.run();
  CHECK(rig.tunnel->outcome() == Outcome::drained);
}

TEST_CASE("after both Close frames neither side is told", "[tunnel]") {
  TunnelRig rig;
  for (const auto side : {Side::client, Side::origin})
    say(rig, side, frame(Opcode::close, true, {0x03, 0xE8}, masked(side)));
  begin_close(rig);
  CHECK(test::receive_some(rig.client.get()).bytes == frame(Opcode::close, true, {0x03, 0xE8}));
  const auto to_origin = test::receive_some(rig.origin.get());
  CHECK(to_origin.bytes == frame(Opcode::close, true, {0x03, 0xE8}, true));
  CHECK(to_origin.ended == Ended::eof);
  CHECK(rig.tunnel->outcome() == Outcome::closed);
}

TEST_CASE("nothing is put into bytes that are no WebSocket", "[tunnel]") {
  const auto sender = GENERATE(Side::client, Side::origin);
  const auto hearer = tunnel::other(sender);
  TunnelRig rig;
  Bytes passed;
  SECTION("which have passed") {
    passed = test::bytes_of("GET / HTTP/1.1\r\n\r\n");
    say(rig, sender, passed);
    begin_close(rig);
  }
  SECTION("which show it only now") {
    passed = {0x83, 0x83};
    say(rig, sender, std::span(passed).first(1));
    begin_close(rig);
    say(rig, sender, Bytes{0x83, 'n', 'o'});
  }
  const auto heard = test::receive_some(peer(rig, hearer));
  CHECK(heard.bytes == passed);
  CHECK(heard.ended == Ended::eof);
  check_told(rig, sender);
}

TEST_CASE("a side whose end of stream was sent is left alone", "[tunnel]") {
  const auto ended = GENERATE(Side::client, Side::origin);
  const auto other = tunnel::other(ended);
  TunnelRig rig;
  test::end_stream(peer(rig, ended));
  CHECK_FALSE(rig.run());
  REQUIRE(rig.side(other).out_ended);
  begin_close(rig);
  CHECK_FALSE(rig.side(other).lost);
  CHECK(test::receive_to_end(peer(rig, other)).bytes.size() == close_size(other));
  check_told(rig, ended, "");
  CHECK(rig.tunnel->outcome() == (ended == Side::client ? Outcome::client_eof : Outcome::origin_eof));
}

TEST_CASE("a side that is lost is left alone", "[tunnel]") {
  const auto broken = GENERATE(Side::client, Side::origin);
  TunnelRig rig({}, TunnelRig::Kind::tcp);
  test::reset_connection(std::move(broken == Side::client ? rig.client : rig.origin));
  REQUIRE(test::eventually([&] { return rig.run(), rig.side(broken).lost; }));
  begin_close(rig);
  CHECK(rig.side(broken).pending.empty());
  const auto left = tunnel::other(broken);
  CHECK(test::receive_to_end(peer(rig, left)).bytes.size() == close_size(left));
}

TEST_CASE("a side that breaks while it is told keeps the outcome that was given", "[tunnel]") {
  const auto broken = GENERATE(Side::client, Side::origin);
  TunnelRig rig;
  (broken == Side::client ? rig.client : rig.origin).reset();
  rig.tunnel->begin_close({1001, 1001}, kKey, Outcome::ordered);
  CHECK(rig.side(broken).write_failed);
  CHECK_FALSE(rig.run());
  CHECK(rig.side(broken).lost);
  check_told(rig, tunnel::other(broken), "closed by operator");
  CHECK(rig.tunnel->outcome() == Outcome::ordered);
}

TEST_CASE("what waits goes out before the Close frame", "[tunnel]") {
  TunnelRig rig;
  const auto early = frame(Opcode::text, true, test::bytes_of("early"));
  rig.tunnel->preload(Side::origin, early, rig.process.recorder);
  begin_close(rig);
  const auto heard = test::receive_some(rig.client.get());
  CHECK(heard.bytes == joined(early, our_close(Side::client)));
  CHECK(heard.ended == Ended::eof);
}

TEST_CASE("what waits for a side that takes nothing goes out later, and then the Close frame", "[tunnel]") {
  const auto sender = GENERATE(Side::client, Side::origin);
  const bool whole = GENERATE(false, true);
  const auto hearer = tunnel::other(sender);
  tunnel::Options options;
  options.high_watermark = 4096;
  TunnelRig rig(options);
  test::shrink_send_buffer(rig.side(hearer).stream.fd());
  const auto bytes = frame(Opcode::binary, true, test::pattern(60'000), masked(sender));
  const auto behind = frame(Opcode::text, true, test::pattern(10), masked(sender));
  std::span<const std::uint8_t> now(bytes);
  if (!whole) now = now.first(now.size() - 20);
  REQUIRE(test::send_some(peer(rig, sender), now) == now.size());
  rig.run();
  REQUIRE(rig.side(hearer).write_blocked);
  REQUIRE(rig.side(sender).read_paused);
  begin_close(rig);
  if (!whole) REQUIRE(test::send_all(peer(rig, sender), std::span(bytes).last(20)));
  REQUIRE(test::send_all(peer(rig, sender), behind));
  const auto heard = hear_to_end(rig, hearer);
  CHECK(with_known_key(heard.bytes, hearer) == joined(bytes, our_close(hearer)));
  CHECK(heard.ended == Ended::eof);
  CHECK(rig.side(hearer).pending.empty());
  CHECK(rig.tunnel->from(sender).bytes() == bytes.size());
}

TEST_CASE("the Close frame waits where the socket takes not even it", "[tunnel]") {
  TunnelRig rig;
  test::shrink_send_buffer(rig.side(Side::client).stream.fd());
  Bytes bytes;
  while (!rig.side(Side::client).write_blocked) {
    const auto one = frame(Opcode::binary, true, test::pattern(1000));
    test::append(bytes, one);
    say(rig, Side::origin, one);
  }
  begin_close(rig);
  CHECK_FALSE(rig.side(Side::client).out_ended);
  // Bytes that come now do not prolong the tunnel's life.
  rig.tunnel->take_progress();
  REQUIRE(test::send_all(rig.origin.get(), frame(Opcode::binary, true, test::pattern(1000))));
  CHECK_FALSE(rig.turn());
  CHECK_FALSE(rig.tunnel->take_progress());
  CHECK(hear_to_end(rig, Side::client).bytes == joined(bytes, our_close(Side::client)));
}

TEST_CASE("the first begin_close counts", "[tunnel]") {
  TunnelRig rig;
  const auto begun = frame(Opcode::text, true, {1, 2, 3});
  say(rig, Side::origin, std::span(begun).first(3));
  begin_close(rig, Outcome::drained);
  rig.tunnel->begin_close({4000, 4000}, 1, Outcome::ordered);
  say(rig, Side::origin, std::span(begun).subspan(3));
  CHECK(test::receive_some(rig.client.get()).bytes == joined(begun, our_close(Side::client)));
  check_told(rig, Side::origin);
  CHECK(rig.tunnel->outcome() == Outcome::drained);
}

TEST_CASE("a side that ends inside its frame gets its peer an end of stream and no Close frame", "[tunnel]") {
  TunnelRig rig;
  const auto begun = frame(Opcode::text, true, test::pattern(50));
  say(rig, Side::origin, std::span(begun).first(20));
  begin_close(rig);
  rig.origin.reset();
  CHECK_FALSE(rig.run());
  const auto heard = test::receive_some(rig.client.get());
  CHECK(heard.bytes == Bytes(begun.begin(), begun.begin() + 20));
  CHECK(heard.ended == Ended::eof);
  rig.client.reset();
  CHECK(rig.run());
  CHECK(rig.tunnel->outcome() == Outcome::drained);
}

TEST_CASE("cut_off ends both sides inside a frame or not", "[tunnel]") {
  TunnelRig rig;
  const auto begun = frame(Opcode::text, true, test::pattern(50));
  say(rig, Side::origin, std::span(begun).first(20));
  begin_close(rig);
  REQUIRE_FALSE(rig.side(Side::client).out_ended);
  rig.tunnel->cut_off();
  const auto heard = test::receive_some(rig.client.get());
  CHECK(heard.bytes == Bytes(begun.begin(), begun.begin() + 20));
  CHECK(heard.ended == Ended::eof);
  check_told(rig, Side::origin);
}

TEST_CASE("over TLS the Close frame comes before close_notify", "[tunnel][tls]") {
  auto tls = test::tls_pair();
  os::adopt(tls.ours.get(), false);
  auto plain = test::socket_pair();
  TunnelRig rig(tunnel::Tunnel::Parts{.client_fd = std::move(tls.sockets.ours),
                                      .client_ssl = std::move(tls.ours),
                                      .origin_fd = std::move(plain.ours),
                                      .origin_ssl = {},
                                      .admission = {},
                                      .row = {}});
  rig.origin = std::move(plain.peer);
  const auto begun = frame(Opcode::text, true, test::pattern(50));
  say(rig, Side::origin, std::span(begun).first(20));
  begin_close(rig);
  say(rig, Side::origin, std::span(begun).subspan(20));
  const auto heard = test::receive_some(tls.peer.get());
  CHECK(heard.bytes == joined(begun, our_close(Side::client)));
  CHECK(heard.ended == Ended::eof);
}

TEST_CASE("an idle tunnel owns no buffer, and none after it was told", "[tunnel]") {
  TunnelRig rig;
  for (const auto side : {Side::client, Side::origin})
    say(rig, side, frame(Opcode::text, true, test::pattern(2000), masked(side)));
  for (const auto side : {Side::client, Side::origin})
    CHECK(rig.side(side).pending.front().data() == nullptr);
  begin_close(rig);
  for (const auto side : {Side::client, Side::origin})
    CHECK(rig.side(side).pending.front().data() == nullptr);
}
