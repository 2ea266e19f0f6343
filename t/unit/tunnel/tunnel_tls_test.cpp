#include <catch2/catch.hpp>

#include "mod_wsflow/tunnel/event_loop.hpp"
#include "t/unit/support/lasting.hpp"
#include "t/unit/support/socket_faults.hpp"
#include "t/unit/support/tls_pair.hpp"
#include "t/unit/support/tunnel_rig.hpp"

using namespace wsflow;
using base::Millis;
using base::Outcome;
using test::Bytes;
using test::bytes_of;
using test::frame;
using tunnel::Side;
using ws::Opcode;

namespace {

// A tunnel whose client speaks TLS; `client` makes its records, which go to `wire`.
struct TlsRig {
  explicit TlsRig(const tunnel::Options& options = {})
      : TlsRig(options, test::tls_pair(), test::socket_pair()) {}
  TlsRig(const tunnel::Options& options, test::TlsConnection tls, test::Connection plain)
      : client(std::move(tls.peer)),
        wire(std::move(tls.sockets.peer)),
        rig({.client_fd = std::move(tls.sockets.ours),
             .client_ssl = adopted(std::move(tls.ours)),
             .origin_fd = std::move(plain.ours),
             .origin_ssl = {},
             .admission = {},
             .options = &test::lasting(options)}) {
    rig.origin = std::move(plain.peer);
  }

  static os::SslRef adopted(os::SslRef ssl) {
    os::adopt(ssl.get(), false);
    return ssl;
  }
  void send(const Bytes& records) const { REQUIRE(test::send_all(wire.get(), records)); }
  // Each byte has a record of its own.
  void send_crumbs(const Bytes& bytes) const {
    Bytes records;
    for (const auto byte : bytes) test::append(records, test::sealed(client.get(), {&byte, 1}));
    send(records);
  }
  bool relay() {
    rig.tunnel->begin_turn(rig.now, false);
    return rig.tunnel->relay(Side::client, buffer, tunnel::EventLoop::kBudget, rig.process.recorder);
  }
  Bytes at_origin() const { return test::receive_some(rig.origin.get()).bytes; }

  os::SslRef client;
  base::UniqueFd wire;
  test::TunnelRig rig;
  Bytes buffer = Bytes(tunnel::EventLoop::kReadBuffer);
};

tunnel::Options timeless() {
  tunnel::Options options;
  options.idle = options.stall = options.ping_client = options.ping_origin = 0;
  return options;
}

}  // namespace

TEST_CASE("many short records are few writes, and take several turns", "[tunnel][tls]") {
  TlsRig tls;
  const auto bytes = test::pattern(1000);
  tls.send_crumbs(bytes);
  const test::SocketFaults calls;
  unsigned turns = 1;
  while (tls.relay()) ++turns;
  CHECK(turns > 5);
  CHECK(turns < 20);
  CHECK(calls.calls() < 60);  // reads and writes
  CHECK(tls.at_origin() == bytes);
}

TEST_CASE("a flood of new keys takes turns like anybody else, and the bytes behind it arrive",
          "[tunnel][tls]") {
  TlsRig tls;
  constexpr unsigned kKeys = 600;
  Bytes flood;
  for (unsigned i = 0; i < kKeys; ++i) test::append(flood, test::key_update(tls.client.get()));
  const auto text = frame(Opcode::text, true, bytes_of("at last"), true);
  test::append(flood, test::sealed(tls.client.get(), text));
  tls.send(flood);
  unsigned turns = 1;
  while (tls.relay()) ++turns;
  // The first turn had read ahead; its calls do not count.
  CHECK(turns > (kKeys - 200) / 16);
  CHECK(tls.at_origin() == text);
  CHECK_FALSE(tls.rig.tunnel->ending());
}

TEST_CASE("a key update hides no end of the client", "[tunnel][tls]") {
  TlsRig tls;
  tls.send(test::key_update(tls.client.get()));
  test::end_stream(tls.wire.get());
  tls.rig.turn();
  CHECK(tls.rig.tunnel->outcome() == Outcome::client_eof);
}

TEST_CASE("a part of a TLS record is an answer to a ping", "[tunnel][tls][time]") {
  auto options = timeless();
  options.ping_client = 1000;
  options.ping_timeout = 300;
  TlsRig tls(options);
  const auto record = test::sealed(tls.client.get(), frame(Opcode::binary, true, test::pattern(1000), true));
  const auto after = [&](int ms) {
    tls.rig.now += Millis(ms);
    return tls.rig.expire();
  };
  CHECK_FALSE(after(1000));  // the ping
  std::size_t sent = 0;
  for (int i = 0; i < 10; ++i) {
    tls.send({record.begin() + static_cast<std::ptrdiff_t>(sent),
              record.begin() + static_cast<std::ptrdiff_t>(sent + 50)});
    sent += 50;
    CHECK_FALSE(tls.rig.run());
    CHECK_FALSE(after(250));
    CHECK_FALSE(tls.rig.tunnel->ending());
  }
  // Then the tunnel reads no more.
  for (int i = 0; i < 10 && !tls.rig.tunnel->ending(); ++i) after(250);
  CHECK(tls.rig.tunnel->outcome() == Outcome::ping_timeout);
}

TEST_CASE("records that are no data are an answer to a ping", "[tunnel][tls][time]") {
  auto options = timeless();
  options.ping_client = 1000;
  options.ping_timeout = 300;
  TlsRig tls(options);
  tls.rig.now += Millis(1000);
  CHECK_FALSE(tls.rig.expire());
  tls.rig.now += Millis(200);
  tls.send(test::key_update(tls.client.get()));
  CHECK_FALSE(tls.rig.run());
  tls.rig.now += Millis(200);
  CHECK_FALSE(tls.rig.expire());
  CHECK_FALSE(tls.rig.tunnel->ending());
}

TEST_CASE("records that are read together are judged frame by frame", "[tunnel][tls]") {
  tunnel::Options options = timeless();
  options.messages[0].frame = 100;
  TlsRig tls(options);
  const auto fits = frame(Opcode::binary, true, test::pattern(100), true);
  Bytes bytes = fits;
  test::append(bytes, frame(Opcode::binary, true, test::pattern(101), true));
  tls.send_crumbs(bytes);
  tls.rig.run();
  CHECK(tls.rig.tunnel->outcome() == Outcome::too_big);
  const auto arrived = tls.at_origin();
  REQUIRE(arrived.size() > fits.size());
  CHECK(Bytes(arrived.begin(), arrived.begin() + static_cast<std::ptrdiff_t>(fits.size())) == fits);
  CHECK(arrived[fits.size()] == 0x88);  // ours
}

TEST_CASE("while it closes, records that are read together pass to the end of the frame", "[tunnel][tls]") {
  TlsRig tls;
  const auto first = frame(Opcode::binary, true, test::pattern(200), true);
  tls.send_crumbs({first.begin(), first.begin() + 50});
  tls.rig.run();
  tls.rig.tunnel->begin_close({1001, 1001}, 7, Outcome::server_stop);
  Bytes rest(first.begin() + 50, first.end());
  test::append(rest, frame(Opcode::text, true, bytes_of("too late"), true));
  tls.send_crumbs(rest);
  tls.rig.run();
  const auto arrived = tls.at_origin();
  REQUIRE(arrived.size() == first.size() + 2 + 4 + 2 + 11);
  CHECK(Bytes(arrived.begin(), arrived.begin() + static_cast<std::ptrdiff_t>(first.size())) == first);
}
