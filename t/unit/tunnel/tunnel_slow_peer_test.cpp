// The kernel's knowledge tells slow peers from peers that are gone.
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>

#include "t/unit/support/told.hpp"
#include "t/unit/support/tunnel_rig.hpp"
#include "t/unit/support/wait.hpp"

using namespace wsflow;
using base::Millis;
using base::Outcome;
using test::Bytes;
using test::Ended;
using test::frame;
using test::TunnelRig;
using tunnel::Due;
using tunnel::Options;
using tunnel::Side;
using ws::Opcode;

namespace {

Options slow_terms() {
  Options options;
  options.ping_client = 0;
  options.stall = 1000;
  options.close = 500;
  return options;
}
bool after(TunnelRig& rig, int ms) {
  rig.now += Millis(ms);
  return rig.expire();
}
os::Delivery to_client(TunnelRig& rig) {
  return os::delivery(rig.side(Side::client).stream.fd());
}
bool writable(int fd) {
  pollfd one{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&one, 1, 0) == 1;
}
// The origin sends until the kernel takes no more for the client, and bytes wait.
Bytes fill(TunnelRig& rig) {
  const auto message = frame(Opcode::binary, true, test::pattern(60'000));
  Bytes sent;
  while (rig.side(Side::client).pending.empty()) {
    REQUIRE(test::send_all(rig.origin.get(), message));
    test::append(sent, message);
    CHECK_FALSE(rig.run());
  }
  return sent;
}
// The client reads just enough to make its system acknowledge more.
void read_a_little(TunnelRig& rig, std::size_t& heard) {
  const auto before = to_client(rig).taken;
  std::array<std::uint8_t, 4096> buffer;
  REQUIRE(test::eventually([&] {
    const auto got = ::recv(rig.client.get(), buffer.data(), buffer.size(), 0);
    if (got > 0) heard += static_cast<std::size_t>(got);
    return to_client(rig).taken != before;
  }));
}

}  // namespace

TEST_CASE("a peer whose system takes bytes is not given up, be its socket writable or not",
          "[tunnel][time]") {
  TunnelRig rig(slow_terms(), TunnelRig::Kind::tcp);
  fill(rig);
  CHECK_FALSE(after(rig, 125));
  std::size_t heard = 0;
  int seconds = 0;
  while (!writable(rig.side(Side::client).stream.fd()) && seconds < 5) {
    read_a_little(rig, heard);
    CHECK_FALSE(after(rig, 1000));
    CHECK_FALSE(rig.tunnel->ending());
    ++seconds;
  }
  CHECK(seconds > 1);
  // Once the bytes on their way have arrived, it takes no more.
  CHECK(test::eventually([&] {
    after(rig, 1000);
    return rig.tunnel->ending();
  }));
  CHECK(rig.tunnel->outcome() == Outcome::stalled);
}

TEST_CASE("a slow client gets everything, however long its origin is gone", "[tunnel][time]") {
  const bool with_close = GENERATE(false, true);
  TunnelRig rig(slow_terms(), TunnelRig::Kind::tcp);
  auto sent = fill(rig);
  if (with_close) {
    const auto close = test::close_with(1000);
    REQUIRE(test::send_all(rig.origin.get(), close));
    test::append(sent, close);
  }
  test::end_stream(rig.origin.get());
  Bytes heard;
  while (heard.size() < sent.size()) {
    auto some = test::receive_some(rig.client.get());
    test::append(heard, some.bytes);
    CHECK_FALSE(after(rig, 400));
    CHECK_FALSE(rig.run());
  }
  heard.resize(sent.size());
  CHECK(heard == sent);
  rig.client.reset();
  CHECK(test::eventually([&] { return rig.run(); }));
  CHECK(rig.tunnel->outcome() == (with_close ? Outcome::closed : Outcome::origin_eof));
}

TEST_CASE("the time to end begins when the peer's system has everything", "[tunnel][time]") {
  auto options = slow_terms();
  options.stall = 10'000;
  TunnelRig rig(options, TunnelRig::Kind::tcp);
  // The client's system takes less than this while the client does not read, and ours keeps more for it.
  const auto message = frame(Opcode::binary, true, test::pattern(60'000));
  const auto stays_full = [&] {  // whatever acknowledgements are still on their way
    for (int looks = 0; looks < 150 && to_client(rig).waiting != 0; ++looks)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return to_client(rig).waiting != 0;
  };
  while (!stays_full()) {
    REQUIRE(test::send_all(rig.origin.get(), message));
    CHECK_FALSE(rig.run());
  }
  REQUIRE(rig.side(Side::client).pending.empty());
  test::end_stream(rig.origin.get());
  CHECK_FALSE(rig.run());
  for (int i = 0; i < 10; ++i) CHECK_FALSE(after(rig, 600));
  SECTION("it reads, and does not end") {
    test::receive_to_end(rig.client.get());
    CHECK(test::eventually([&] { return to_client(rig).waiting == 0; }));
    CHECK_FALSE(after(rig, 0));
    CHECK(after(rig, 501));
  }
  SECTION("it takes nothing for the time of `stall`") {
    int halves = 0;
    while (!after(rig, 500) && halves < 100) ++halves;
    CHECK(halves >= 6);
    CHECK(halves <= 16);
  }
  CHECK(rig.tunnel->outcome() == Outcome::close_timeout);
}

TEST_CASE("an end that was decided is an end, whatever a peer goes on sending", "[tunnel][time]") {
  TunnelRig rig(slow_terms());
  REQUIRE(test::send_all(rig.client.get(),
                         test::header(Opcode::binary, true, std::uint64_t{1} << 40U, 64, true)));
  CHECK_FALSE(rig.run());
  rig.tunnel->begin_close({1001, 1001}, 7, Outcome::ordered);
  for (int i = 0; i < 4; ++i) {
    REQUIRE(test::send_all(rig.client.get(), Bytes(10, 1)));
    CHECK_FALSE(rig.run());
    CHECK_FALSE(after(rig, 120));
  }
  REQUIRE(test::send_all(rig.client.get(), Bytes(10, 1)));
  CHECK_FALSE(rig.run());
  CHECK(after(rig, 20));
  CHECK(rig.tunnel->outcome() == Outcome::ordered);
}

TEST_CASE("a tunnel that lives on in one direction ends with its lifetime too", "[tunnel][time]") {
  auto client = test::socket_pair();
  auto origin = test::socket_pair();
  const auto options = slow_terms();
  tunnel::Tunnel::Parts parts;
  parts.client_fd = std::move(client.ours);
  parts.origin_fd = std::move(origin.ours);
  parts.options = &options;
  parts.lives_until = base::Instant(Millis(2000));
  TunnelRig rig(std::move(parts));
  test::end_stream(client.peer.get());
  CHECK_FALSE(rig.run());
  const auto push = frame(Opcode::text, true, {1});
  for (int ms = 0; ms < 2000; ms += 400) {
    REQUIRE(test::send_all(origin.peer.get(), push));
    CHECK_FALSE(rig.run());
    CHECK_FALSE(rig.tunnel->closing());
    CHECK_FALSE(after(rig, 400));
  }
  CHECK(rig.tunnel->closing());
  REQUIRE(test::send_all(origin.peer.get(), push));
  CHECK_FALSE(rig.run());
  CHECK(after(rig, 500));
  Bytes expected;
  for (int i = 0; i < 5; ++i) test::append(expected, push);
  test::append(expected, test::close_with(1012));
  CHECK(test::receive_to_end(client.peer.get()).bytes == expected);
}

TEST_CASE("what a peer has said before it broke is heard", "[tunnel]") {
  const auto broken = GENERATE(Side::client, Side::origin);
  const auto left = tunnel::other(broken);
  TunnelRig rig({}, TunnelRig::Kind::tcp);
  auto& peer = broken == Side::client ? rig.client : rig.origin;
  auto& other = broken == Side::client ? rig.origin : rig.client;
  const auto message = frame(Opcode::text, true, test::pattern(1000), left == Side::origin);
  auto said = frame(Opcode::text, true, test::bytes_of("too big"), broken == Side::client);
  test::append(said, frame(Opcode::close, true, {0x03, 0xF1}, broken == Side::client));
  REQUIRE(test::send_all(peer.get(), said));
  test::reset_connection(std::move(peer));
  REQUIRE(test::eventually([&] {
    pollfd one{.fd = rig.side(broken).stream.fd(), .events = 0, .revents = 0};
    return ::poll(&one, 1, 0) == 1;
  }));
  REQUIRE(test::send_all(other.get(), message));
  // The writes come first.
  rig.side(broken).read_ready = false;
  Bytes buffer(4096);
  rig.tunnel->begin_turn(rig.now, false);
  rig.tunnel->relay(left, buffer, SIZE_MAX, rig.process.recorder);
  CHECK(rig.side(broken).write_failed);
  CHECK(rig.tunnel->take_again());
  CHECK_FALSE(rig.run());
  CHECK(test::receive_exactly(other.get(), said.size()) == said);
  CHECK(rig.tunnel->outcome() == Outcome::closed);
  other.reset();
  CHECK(test::eventually([&] { return rig.run(); }));
}

TEST_CASE("a ping behind other bytes waits for these", "[tunnel][time]") {
  Options options;
  options.stall = 0;
  options.ping_client = 1000;
  options.ping_timeout = 300;
  TunnelRig rig(options, TunnelRig::Kind::tcp);
  const auto message = frame(Opcode::binary, true, test::pattern(60'000));
  while (to_client(rig).waiting < 400'000) {
    REQUIRE(test::send_all(rig.origin.get(), message));
    CHECK_FALSE(rig.run());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  REQUIRE(rig.side(Side::client).pending.empty());
  CHECK_FALSE(after(rig, 1000));
  REQUIRE(rig.process.count(metrics::kPings(metrics::Direction::client_to_origin)) == 1);
  std::size_t heard = 0;
  for (int i = 0; i < 3; ++i) {
    read_a_little(rig, heard);
    CHECK_FALSE(after(rig, 300));
    CHECK_FALSE(rig.tunnel->ending());
  }
  SECTION("and its time begins when it is delivered") {
    REQUIRE(test::eventually([&] {
      test::receive_some(rig.client.get());
      return to_client(rig).waiting == 0;
    }));
    CHECK_FALSE(after(rig, 300));
    CHECK_FALSE(rig.tunnel->ending());
  }
  SECTION("as long as some of them are delivered") {}
  CHECK_FALSE(after(rig, 600));
  CHECK(rig.tunnel->outcome() == Outcome::ping_timeout);
}

TEST_CASE("time in which the loop did not run is nobody's silence", "[tunnel][time]") {
  Options options;
  options.idle = 1000;
  options.ping_client = 0;
  TunnelRig rig(options);
  rig.now += Millis(900);
  rig.tunnel->begin_turn(rig.now, false);
  const auto woke = rig.now;
  CHECK(rig.tunnel->deadline(rig.now).at == rig.now + Millis(100));
  CHECK(rig.tunnel->deadline(rig.now, {}, {.until = woke, .length = 700}).at == rig.now + Millis(800));
  // The absence ended before the silence began.
  REQUIRE(test::send_all(rig.client.get(), frame(Opcode::text, true, {1}, true)));
  rig.now += Millis(50);
  CHECK_FALSE(rig.run());
  CHECK(rig.tunnel->deadline(rig.now, {}, {.until = woke, .length = 700}).at == rig.now + Millis(1000));
}
