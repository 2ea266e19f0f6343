#include <catch2/catch.hpp>

#include "t/unit/support/lasting.hpp"
#include "t/unit/support/limits_rig.hpp"
#include "t/unit/support/tls_pair.hpp"
#include "t/unit/support/tunnel_rig.hpp"
#include "t/unit/support/wait.hpp"

using namespace wsflow;
using base::Outcome;
using test::bytes_of;
using test::Ended;
using test::TunnelRig;
using tunnel::Side;

namespace {

constexpr Outcome eof_of(Side side) {
  return side == Side::client ? Outcome::client_eof : Outcome::origin_eof;
}
constexpr Outcome reset_of(Side side) {
  return side == Side::client ? Outcome::client_reset : Outcome::origin_reset;
}

base::UniqueFd& peer(TunnelRig& rig, Side side) {
  return side == Side::client ? rig.client : rig.origin;
}

}  // namespace

TEST_CASE("a half-close passes on, and the other direction lives on", "[tunnel]") {
  const auto first = GENERATE(Side::client, Side::origin);
  const auto second = tunnel::other(first);
  TunnelRig rig;
  REQUIRE(test::send_all(peer(rig, first).get(), bytes_of("last")));
  test::end_stream(peer(rig, first).get());
  CHECK_FALSE(rig.run());
  CHECK(rig.tunnel->ending());
  const auto received = test::receive_some(peer(rig, second).get());
  CHECK(received.bytes == bytes_of("last"));
  CHECK(received.ended == Ended::eof);

  REQUIRE(test::send_all(peer(rig, second).get(), bytes_of("answer")));
  CHECK_FALSE(rig.run());
  CHECK(test::receive_some(peer(rig, first).get()).bytes == bytes_of("answer"));
  test::end_stream(peer(rig, second).get());
  CHECK(rig.run());
  CHECK(test::receive_some(peer(rig, first).get()).ended == Ended::eof);
  CHECK(rig.tunnel->outcome() == eof_of(first));
}

TEST_CASE("what waits for a side goes out before its end of stream", "[tunnel]") {
  TunnelRig rig;
  test::shrink_send_buffer(rig.side(Side::client).stream.fd());
  const auto bytes = test::pattern(50000);
  REQUIRE(test::send_some(rig.origin.get(), bytes) == bytes.size());
  test::end_stream(rig.origin.get());
  test::Received received;
  while (received.ended == Ended::open) {
    CHECK_FALSE(rig.run());
    const auto some = test::receive_some(rig.client.get());
    REQUIRE((!some.bytes.empty() || some.ended != Ended::open));
    test::append(received.bytes, some.bytes);
    received.ended = some.ended;
  }
  CHECK(received.bytes == bytes);
  CHECK(received.ended == Ended::eof);
}

TEST_CASE("a reset ends the other side, and the tunnel when that side ends too", "[tunnel]") {
  const auto broken = GENERATE(Side::client, Side::origin);
  const auto left = tunnel::other(broken);
  TunnelRig rig({}, TunnelRig::Kind::tcp);
  test::reset_connection(std::move(peer(rig, broken)));
  REQUIRE(test::eventually([&] { return rig.run(), rig.tunnel->ending(); }));
  CHECK(rig.tunnel->outcome() == reset_of(broken));
  CHECK(test::receive_to_end(peer(rig, left).get()).ended == Ended::eof);
  REQUIRE(test::send_all(peer(rig, left).get(), bytes_of("to nobody")));
  CHECK_FALSE(rig.run());
  peer(rig, left).reset();
  CHECK(test::eventually([&] { return rig.run(); }));
  CHECK(rig.tunnel->outcome() == reset_of(broken));
}

TEST_CASE("a reset found by writing gives the same outcome", "[tunnel]") {
  const auto broken = GENERATE(Side::client, Side::origin);
  TunnelRig rig;
  REQUIRE(test::send_all(peer(rig, tunnel::other(broken)).get(), bytes_of("abc")));
  peer(rig, broken).reset();
  rig.side(broken).read_ready = false;
  test::Bytes buffer(100);
  rig.tunnel->relay(tunnel::other(broken), buffer, 1000, rig.process.recorder);
  CHECK(rig.side(broken).write_failed);
  rig.tunnel->relay(broken, buffer, 1000, rig.process.recorder);
  CHECK(rig.side(broken).lost);
  CHECK(rig.tunnel->outcome() == reset_of(broken));
}

TEST_CASE("both resets end the tunnel at once", "[tunnel]") {
  TunnelRig rig({}, TunnelRig::Kind::tcp);
  test::reset_connection(std::move(rig.client));
  test::reset_connection(std::move(rig.origin));
  CHECK(test::eventually([&] { return rig.run(); }));
}

TEST_CASE("a hang-up of a side that is not read makes the tunnel end all the same", "[tunnel]") {
  tunnel::Options options;
  options.high_watermark = 1024;
  TunnelRig rig(options);
  test::shrink_send_buffer(rig.side(Side::origin).stream.fd());
  REQUIRE(test::send_some(rig.client.get(), test::pattern(60000)) == 60000);
  rig.run();
  REQUIRE(rig.side(Side::client).read_paused);
  CHECK_FALSE(rig.tunnel->ending());
  test::end_stream(rig.client.get());
  rig.turn();
  CHECK(rig.tunnel->ending());
}

TEST_CASE("a Close frame behind a paused side's bytes still makes the end a good one", "[tunnel]") {
  tunnel::Options options;
  options.high_watermark = 1024;
  TunnelRig rig(options);
  test::shrink_send_buffer(rig.side(Side::client).stream.fd());
  auto bytes = test::frame(ws::Opcode::binary, true, test::pattern(60000));
  test::append(bytes, test::frame(ws::Opcode::close, true, {0x03, 0xE8}));
  REQUIRE(test::send_some(rig.origin.get(), bytes) == bytes.size());
  rig.run();
  REQUIRE(rig.side(Side::origin).read_paused);
  test::end_stream(rig.origin.get());  // the hang-up is known long before the Close frame is read
  test::Received received;
  while (received.ended == Ended::open) {
    rig.run();
    const auto some = test::receive_some(rig.client.get());
    REQUIRE((!some.bytes.empty() || some.ended != Ended::open));
    test::append(received.bytes, some.bytes);
    received.ended = some.ended;
  }
  CHECK(received.bytes == bytes);
  CHECK(rig.tunnel->from(Side::origin).close_seen());
  CHECK(rig.tunnel->outcome() == Outcome::closed);
}

TEST_CASE("a side that breaks while bytes wait for it does not keep the other unread", "[tunnel]") {
  auto tls = test::tls_pair();
  os::adopt(tls.ours.get(), false);
  auto plain = test::socket_pair();
  tunnel::Options options;
  options.high_watermark = 4096;
  TunnelRig rig(tunnel::Tunnel::Parts{.client_fd = std::move(tls.sockets.ours),
                                      .client_ssl = std::move(tls.ours),
                                      .origin_fd = std::move(plain.ours),
                                      .origin_ssl = {},
                                      .admission = {},
                                      .options = &options});
  rig.origin = std::move(plain.peer);
  test::shrink_send_buffer(rig.side(Side::client).stream.fd());
  REQUIRE(test::send_some(rig.origin.get(), test::pattern(100000)) == 100000);
  rig.run();
  REQUIRE(rig.side(Side::origin).read_paused);
  // No TLS record: the client's stream is broken, but its socket never becomes writable.
  REQUIRE(test::send_all(tls.sockets.peer.get(), bytes_of("GET / HTTP/1.1\r\n\r\n")));
  rig.run();
  REQUIRE(rig.side(Side::client).lost);
  CHECK(rig.tunnel->outcome() == Outcome::client_reset);
  test::end_stream(rig.origin.get());
  CHECK(rig.run());
}

TEST_CASE("the count of the origin's tunnels goes up and down, never below none", "[tunnel]") {
  std::size_t busy = 3;
  const auto make = [&] {
    return tunnel::Tunnel(test::with_lenders({.client_fd = {},
                                              .client_ssl = {},
                                              .origin_fd = {},
                                              .origin_ssl = {},
                                              .admission = {},
                                              .origin_lease = tunnel::OriginLease({.busy = &busy})}),
                          base::Instant{});
  };
  {
    const auto first = make();
    const auto second = make();
    CHECK(busy == 5);
  }
  CHECK(busy == 3);
  {
    const auto tunnel = make();
    busy = 0;  // somebody has set the balancer's count back
  }
  CHECK(busy == 0);
}

TEST_CASE("a tunnel gives its place and its descriptors back", "[tunnel]") {
  tunnel::Admission admission(1);
  const auto before = test::open_descriptors();
  {
    auto client = test::socket_pair();
    auto origin = test::socket_pair();
    const tunnel::Tunnel tunnel(test::with_lenders({.client_fd = std::move(client.ours),
                                                    .client_ssl = {},
                                                    .origin_fd = std::move(origin.ours),
                                                    .origin_ssl = {},
                                                    .admission = admission.enter()}),
                                base::Instant{});
    CHECK_FALSE(static_cast<bool>(admission.enter()));
  }
  CHECK(static_cast<bool>(admission.enter()));
  CHECK(test::open_descriptors() == before);
}

TEST_CASE("a permit is free when the client knows of the end, and not before", "[tunnel]") {
  test::LimitsRig flow{test::limit("a", {.concurrency = 1})};
  auto client = test::socket_pair();
  auto origin = test::socket_pair();
  tunnel::Tunnel::Parts parts;
  parts.client_fd = std::move(client.ours);
  parts.origin_fd = std::move(origin.ours);
  parts.permit = limits::PermitLease(flow.one, flow.hold(flow.one, 0));
  TunnelRig rig(test::with_lenders(std::move(parts)));
  const test::Bytes masked{0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8};
  const test::Bytes plain{0x88, 0x02, 0x03, 0xE8};
  SECTION("both have said Close") {
    REQUIRE(test::send_all(client.peer.get(), masked));
    CHECK_FALSE(rig.run());
    CHECK(flow.in_use(0) == 1);
    REQUIRE(test::send_all(origin.peer.get(), plain));
    CHECK_FALSE(rig.run());  // the origin has not ended
  }
  SECTION("the origin has ended without one") {
    test::end_stream(origin.peer.get());
    CHECK_FALSE(rig.run());
  }
  SECTION("we close") {
    rig.tunnel->begin_close({1012, 1012}, 1, Outcome::lifetime);
    CHECK_FALSE(rig.run());
  }
  SECTION("it is cut") {
    rig.tunnel->cut_off();
  }
  CHECK(test::receive_some(client.peer.get()).ended == Ended::eof);
  CHECK(flow.in_use(0) == 0);
  flow.one.release(flow.hold(flow.two, 0), flow.now);
  rig.tunnel.reset();
  CHECK(flow.in_use(0) == 0);
  CHECK(flow.faults() == "");
}

TEST_CASE("a tunnel in a slot of a pool gives it back", "[tunnel]") {
  tunnel::SlotPool pool(sizeof(tunnel::Tunnel));
  for (int i = 0; i < 3; ++i) {
    auto tunnel = tunnel::Tunnel::make(
        pool, {.client_fd = {}, .client_ssl = {}, .origin_fd = {}, .origin_ssl = {}, .admission = {}},
        base::Instant{});
    CHECK(reinterpret_cast<std::uintptr_t>(tunnel.get()) % tunnel::SlotPool::kAlignment == 0);
    CHECK(pool.blocks() == (base::kAsserts ? 0 : 1));
    if (i == 2) {
      std::vector<std::unique_ptr<tunnel::Tunnel>> more;
      for (std::size_t n = 0; n < pool.slots_in_block(); ++n) {
        more.push_back(tunnel::Tunnel::make(
            pool, {.client_fd = {}, .client_ssl = {}, .origin_fd = {}, .origin_ssl = {}, .admission = {}},
            base::Instant{}));
      }
      CHECK(pool.blocks() == (base::kAsserts ? 0 : 2));
    }
  }
  CHECK(pool.blocks() <= 1);
}
