#include <catch2/catch.hpp>

#include "t/unit/support/tunnel_rig.hpp"
#include "t/unit/support/wait.hpp"

using namespace wsflow;
using base::Millis;
using base::Outcome;
using test::Bytes;
using test::Ended;
using test::frame;
using test::TunnelRig;
using tunnel::Options;
using tunnel::Side;
using ws::Opcode;

namespace {

// Options without times; each test sets its own.
Options timeless() {
  Options options;
  options.idle = options.stall = options.ping_client = options.ping_origin = 0;
  return options;
}
Options pinging(Side side) {
  auto options = timeless();
  (side == Side::client ? options.ping_client : options.ping_origin) = 1000;
  options.ping_timeout = 300;
  return options;
}

int peer(const TunnelRig& rig, Side side) {
  return (side == Side::client ? rig.client : rig.origin).get();
}
void say(TunnelRig& rig, Side side, const Bytes& bytes) {
  REQUIRE(test::send_all(peer(rig, side), bytes));
  CHECK_FALSE(rig.run());
}
void say(TunnelRig& rig, Side side, Opcode opcode, const Bytes& payload = {}) {
  say(rig, side, frame(opcode, true, payload, side == Side::client));
}
Bytes hear(TunnelRig& rig, Side side) {
  return test::receive_some(peer(rig, side)).bytes;
}
// Waits until the peer's system has acknowledged everything.
bool all_taken(TunnelRig& rig, Side side) {
  return test::eventually([&] { return os::delivery(rig.side(side).stream.fd()).waiting == 0; });
}
// Lets time pass; the tunnel does what is due.
bool after(TunnelRig& rig, int ms) {
  rig.now += Millis(ms);
  return rig.expire();
}

// The unmasked payload of the only frame in `bytes`; none if that is another frame.
std::optional<Bytes> control(const Bytes& bytes, Opcode opcode, Side to) {
  const bool masked = to == Side::origin;
  const std::size_t head = masked ? 6 : 2;
  if (bytes.size() < head || bytes[0] != (0x80U | static_cast<unsigned>(opcode))) return std::nullopt;
  if (bytes[1] != ((masked ? 0x80U : 0U) | (bytes.size() - head))) return std::nullopt;
  Bytes payload;
  for (std::size_t i = head; i < bytes.size(); ++i)
    payload.push_back(static_cast<std::uint8_t>(bytes[i] ^ (masked ? bytes[2 + (i - head) % 4] : 0)));
  return payload;
}
bool is_close(const Bytes& bytes, std::uint16_t code, Side to) {
  const auto payload = control(bytes, Opcode::close, to);
  return payload && payload->size() >= 2 && (*payload)[0] == code >> 8U && (*payload)[1] == (code & 0xFFU);
}
// Ends both sides of a closing tunnel.
void end_both(TunnelRig& rig) {
  rig.client.reset();
  rig.origin.reset();
  CHECK(rig.run());
}

}  // namespace

TEST_CASE("every frame of the peers counts for the idle time-out", "[tunnel][time]") {
  auto options = timeless();
  options.idle = 1000;
  TunnelRig rig(options);
  const auto side = GENERATE(Side::client, Side::origin);
  CHECK_FALSE(after(rig, 999));
  say(rig, side, Opcode::text, {1, 2, 3});
  CHECK_FALSE(after(rig, 900));
  say(rig, side, Opcode::ping);
  CHECK_FALSE(after(rig, 900));
  say(rig, tunnel::other(side), Opcode::pong);
  CHECK_FALSE(after(rig, 999));
  CHECK_FALSE(rig.tunnel->closing());
  hear(rig, Side::client);
  hear(rig, Side::origin);
  CHECK_FALSE(after(rig, 1));
  CHECK(is_close(hear(rig, Side::client), 1001, Side::client));
  CHECK(is_close(hear(rig, Side::origin), 1001, Side::origin));
  CHECK(rig.tunnel->outcome() == Outcome::idle_timeout);
  end_both(rig);
}

TEST_CASE("answers to our own pings do not count for the idle time-out", "[tunnel][time]") {
  auto options = pinging(Side::client);
  options.idle = 3000;
  TunnelRig rig(options);
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(after(rig, 1000));
    const auto name = control(hear(rig, Side::client), Opcode::ping, Side::client);
    REQUIRE(name);
    say(rig, Side::client, Opcode::pong, *name);
  }
  CHECK_FALSE(rig.tunnel->closing());
  CHECK_FALSE(after(rig, 1000));
  CHECK(rig.tunnel->outcome() == Outcome::idle_timeout);
}

TEST_CASE("the payload of a long frame is data too", "[tunnel][time]") {
  auto options = timeless();
  options.idle = 1000;
  TunnelRig rig(options);
  say(rig, Side::client, test::header(Opcode::binary, true, 100'000, 64, true));
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(after(rig, 900));
    say(rig, Side::client, Bytes(10, 7));
  }
  CHECK_FALSE(rig.tunnel->closing());
}

TEST_CASE("a tunnel ends when it has lived long enough", "[tunnel][time]") {
  auto client = test::socket_pair();
  auto origin = test::socket_pair();
  const auto options = timeless();
  tunnel::Tunnel::Parts parts;
  parts.client_fd = std::move(client.ours);
  parts.origin_fd = std::move(origin.ours);
  parts.options = &options;
  parts.lives_until = base::Instant(Millis(5000));
  TunnelRig rig(std::move(parts));
  CHECK_FALSE(after(rig, 4999));
  CHECK_FALSE(rig.tunnel->closing());
  CHECK_FALSE(after(rig, 1));
  CHECK(is_close(test::receive_some(client.peer.get()).bytes, 1012, Side::client));
  CHECK(rig.tunnel->outcome() == Outcome::lifetime);
  CHECK(rig.tunnel->deadline(rig.now).what == tunnel::Due::close);
}

TEST_CASE("a session ends by the wall clock, however that is set", "[tunnel][time]") {
  auto client = test::socket_pair();
  auto origin = test::socket_pair();
  const auto options = timeless();
  tunnel::Tunnel::Parts parts;
  parts.client_fd = std::move(client.ours);
  parts.origin_fd = std::move(origin.ours);
  parts.options = &options;
  parts.session_until = 1'000'005;
  const bool lives_long = GENERATE(true, false);
  if (!lives_long) parts.lives_until = base::Instant(Millis(6000));
  TunnelRig rig(std::move(parts));
  const auto at = [&](std::int64_t wall_ahead_ms) {
    rig.tunnel->begin_turn(rig.now, false);
    const auto due = rig.tunnel->deadline(rig.now, Millis(wall_ahead_ms));
    CHECK(due.what == tunnel::Due::lifetime);
    return due.at.time_since_epoch().count();
  };
  CHECK(at(1'000'000'000) == 5000);
  CHECK(at(1'000'003'000) == 2000);
  CHECK(at(2'000'000'000) == 0);
  CHECK(at(999'000'000) == (lives_long ? 1'005'000 : 6000));
  CHECK(at(1'000'000'000) == 5000);
}

TEST_CASE("a peer that takes no bytes is given up, and the other one is told", "[tunnel][time]") {
  const auto side = GENERATE(Side::client, Side::origin);
  const auto left = tunnel::other(side);
  auto options = timeless();
  options.stall = 1000;
  options.close = 500;
  TunnelRig rig(options, TunnelRig::Kind::tcp);
  test::shrink_send_buffer(rig.side(side).stream.fd());
  const auto message = frame(Opcode::binary, true, test::pattern(60'000), left == Side::client);
  while (rig.side(side).pending.empty()) say(rig, left, message);
  CHECK_FALSE(after(rig, 999));
  // Bytes that it takes restart the time.
  while (rig.side(side).pending.size() > 30'000) {
    REQUIRE_FALSE(hear(rig, side).empty());
    rig.run();
  }
  CHECK_FALSE(after(rig, 999));
  CHECK_FALSE(rig.tunnel->ending());
  CHECK_FALSE(after(rig, 1));
  CHECK(rig.side(side).lost);
  CHECK(is_close(hear(rig, left), side == Side::client ? 1001 : 1012, left));
  CHECK(rig.tunnel->outcome() == Outcome::stalled);
  CHECK(rig.tunnel->cause() == (side == Side::client ? tunnel::EndedBy::client : tunnel::EndedBy::origin));
  CHECK(all_taken(rig, left));
  CHECK_FALSE(after(rig, 499));
  CHECK(after(rig, 1));
  CHECK(rig.tunnel->outcome() == Outcome::stalled);
  rig.tunnel.reset();
  CHECK(test::receive_to_end(peer(rig, side)).ended == Ended::reset);
}

TEST_CASE("a quiet peer is pinged, and its answer goes no further", "[tunnel][time]") {
  const auto side = GENERATE(Side::client, Side::origin);
  TunnelRig rig(pinging(side));
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(after(rig, 999));
    CHECK(hear(rig, side).empty());
    CHECK_FALSE(after(rig, 1));
    const auto name = control(hear(rig, side), Opcode::ping, side);
    REQUIRE(name);
    CHECK(name->size() == 8);
    CHECK_FALSE(after(rig, 42));
    say(rig, side, Opcode::pong, *name);
    CHECK(hear(rig, tunnel::other(side)).empty());
    CHECK(rig.tunnel->rtt(side) == 42);
    CHECK(rig.tunnel->from(side).bytes() == 0);
  }
  const auto peer = static_cast<metrics::Direction>(side);
  CHECK(rig.process.count(metrics::kPings(peer)) == 3);
  const auto rtt = metrics::ping_rtt(peer);
  CHECK(rig.process.count(rtt + metrics::bucket(metrics::kRtt, 42)) == 3);
  CHECK(rig.process.count(rtt + metrics::kRttBuckets) == 3 * 42);
  CHECK_FALSE(rig.tunnel->ending());
}

TEST_CASE("a peer that says nothing after a ping is given up", "[tunnel][time]") {
  const auto side = GENERATE(Side::client, Side::origin);
  const auto left = tunnel::other(side);
  TunnelRig rig(pinging(side));
  CHECK_FALSE(after(rig, 1000));
  say(rig, left, Opcode::text);  // the other one's words are no sign of life of this one
  hear(rig, left);
  CHECK_FALSE(after(rig, 299));
  CHECK_FALSE(rig.tunnel->ending());
  CHECK_FALSE(after(rig, 1));
  CHECK(is_close(hear(rig, left), left == Side::client ? 1012 : 1001, left));
  CHECK(test::receive_some(peer(rig, left)).ended == Ended::eof);
  CHECK(rig.tunnel->outcome() == Outcome::ping_timeout);
  (left == Side::client ? rig.client : rig.origin).reset();
  CHECK(rig.run());
}

TEST_CASE("any byte after a ping is a sign of life", "[tunnel][time]") {
  TunnelRig rig(pinging(Side::client));
  CHECK_FALSE(after(rig, 1000));
  const auto name = control(hear(rig, Side::client), Opcode::ping, Side::client);
  REQUIRE(name);
  CHECK_FALSE(after(rig, 299));
  say(rig, Side::client, test::header(Opcode::text, true, 5, 7, true));
  CHECK_FALSE(after(rig, 999));
  CHECK(hear(rig, Side::client).empty());
  say(rig, Side::client, Bytes(5, 1));
  // The late answer is still ours.
  hear(rig, Side::origin);
  say(rig, Side::client, Opcode::pong, *name);
  CHECK(hear(rig, Side::origin).empty());
  CHECK_FALSE(after(rig, 1000));
  CHECK(control(hear(rig, Side::client), Opcode::ping, Side::client));
}

TEST_CASE("a ping waits for the end of the frame that is on its way", "[tunnel][time]") {
  TunnelRig rig(pinging(Side::client));
  auto head = test::header(Opcode::text, true, 5, 7, false);
  say(rig, Side::origin, head);
  CHECK(hear(rig, Side::client) == head);
  CHECK_FALSE(after(rig, 5000));
  CHECK(hear(rig, Side::client).empty());
  say(rig, Side::origin, Bytes(5, 1));
  const auto heard = hear(rig, Side::client);
  REQUIRE(heard.size() == 5 + 10);
  CHECK(control(Bytes(heard.begin() + 5, heard.end()), Opcode::ping, Side::client));
  CHECK_FALSE(after(rig, 300));
  CHECK(rig.tunnel->outcome() == Outcome::ping_timeout);
}

TEST_CASE("a ping waits no longer when its peer speaks", "[tunnel][time]") {
  TunnelRig rig(pinging(Side::client));
  say(rig, Side::origin, test::header(Opcode::text, true, 5, 7, false));
  CHECK_FALSE(after(rig, 1000));
  say(rig, Side::client, Opcode::text);
  say(rig, Side::origin, Bytes(5, 1));
  CHECK(hear(rig, Side::client).size() == 2 + 5);
  CHECK(rig.tunnel->deadline(rig.now).at == rig.now + Millis(1000));
}

TEST_CASE("what is no WebSocket is not pinged", "[tunnel][time]") {
  TunnelRig rig(pinging(Side::client));
  say(rig, GENERATE(Side::client, Side::origin), Bytes{0xFF, 0xFF});
  hear(rig, Side::client);
  CHECK_FALSE(after(rig, 100'000));
  CHECK(hear(rig, Side::client).empty());
  CHECK(rig.tunnel->deadline(rig.now).what == tunnel::Due::nothing);
}

TEST_CASE("a side that is too fast is read on when its time has come", "[tunnel][time]") {
  auto options = timeless();
  options.messages[0].bytes = 1000;
  TunnelRig rig(options);
  const auto bytes = frame(Opcode::binary, true, test::pattern(2500), true);
  say(rig, Side::client, bytes);
  CHECK(hear(rig, Side::origin).size() == 1000);
  CHECK(rig.side(Side::client).rate_paused);
  CHECK(rig.tunnel->deadline(rig.now).what == tunnel::Due::rate);
  CHECK_FALSE(after(rig, 500));
  CHECK(hear(rig, Side::origin).size() == 500);
  CHECK_FALSE(after(rig, 1000));
  CHECK(hear(rig, Side::origin).size() == 1000);
  CHECK_FALSE(after(rig, 99));
  CHECK(hear(rig, Side::origin).empty());  // not for every byte
  CHECK_FALSE(after(rig, 1));
  CHECK(hear(rig, Side::origin).size() == bytes.size() - 2500);
  CHECK_FALSE(after(rig, 100));
  CHECK(rig.tunnel->deadline(rig.now).what == tunnel::Due::nothing);
}

TEST_CASE("an answer brings the next ping nearer", "[tunnel][time]") {
  auto options = pinging(Side::client);
  options.ping_timeout = 60'000;
  TunnelRig rig(options);
  CHECK_FALSE(after(rig, 1000));
  const auto name = control(hear(rig, Side::client), Opcode::ping, Side::client);
  REQUIRE(name);
  CHECK_FALSE(rig.tunnel->pressed());
  say(rig, Side::client, Opcode::pong, *name);
  CHECK(rig.tunnel->pressed());
  CHECK(rig.tunnel->deadline(rig.now).at == rig.now + Millis(1000));
  CHECK_FALSE(rig.tunnel->pressed());
}

TEST_CASE("a side that is not read is neither pinged nor given up", "[tunnel][time]") {
  auto options = pinging(Side::client);
  options.high_watermark = 1024;
  TunnelRig rig(options);
  test::shrink_send_buffer(rig.side(Side::origin).stream.fd());
  CHECK_FALSE(after(rig, 1000));  // its answer will stand behind what is not read
  const auto name = control(hear(rig, Side::client), Opcode::ping, Side::client);
  REQUIRE(name);
  auto bytes = frame(Opcode::binary, true, test::pattern(60'000), true);
  test::append(bytes, frame(Opcode::pong, true, *name, true));
  say(rig, Side::client, bytes);
  REQUIRE(rig.side(Side::client).read_paused);
  CHECK_FALSE(after(rig, 100'000));
  CHECK_FALSE(rig.tunnel->ending());
  std::size_t heard = 0;
  while (heard < bytes.size() - 14) {
    const auto some = hear(rig, Side::origin);
    REQUIRE_FALSE(some.empty());
    heard += some.size();
    CHECK_FALSE(after(rig, 0));
    rig.run();
  }
  CHECK(heard == bytes.size() - 14);
  CHECK_FALSE(rig.tunnel->ending());
}
