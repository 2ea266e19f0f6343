// Any one call of recv or send fails: the tunnel must end or go on, and lose no bytes.
#include <catch2/catch.hpp>

#include "t/unit/support/lasting.hpp"
#include "t/unit/support/socket_faults.hpp"
#include "t/unit/support/tls_pair.hpp"
#include "t/unit/support/tunnel_rig.hpp"

using namespace wsflow;
using test::Ended;
using test::Fault;
using test::TunnelRig;
using tunnel::Side;

namespace {

// One end of the conversation: sends its part, receives, and ends when the other end does.
class Peer {
 public:
  Peer(base::UniqueFd& fd, SSL* ssl, test::Bytes script) : fd_(fd), ssl_(ssl), script_(std::move(script)) {}

  void act() {
    if (!fd_) return;
    const auto rest = std::span(script_).subspan(said_);
    said_ += ssl_ != nullptr ? test::send_some(ssl_, rest) : test::send_some(fd_.get(), rest);
    const auto some = ssl_ != nullptr ? test::receive_some(ssl_) : test::receive_some(fd_.get());
    test::append(heard_, some.bytes);
    if (some.ended != Ended::open) fd_.reset();
  }
  const test::Bytes& heard() const { return heard_; }

 private:
  base::UniqueFd& fd_;
  SSL* ssl_;
  test::Bytes script_;
  test::Bytes heard_;
  std::size_t said_ = 0;
};

test::Bytes script(bool masked) {
  test::Bytes bytes;
  test::append(bytes, test::frame(ws::Opcode::text, true, test::pattern(20000, 1), masked));
  test::append(bytes, test::frame(ws::Opcode::binary, true, test::pattern(30000, 2), masked));
  test::append(bytes, test::frame(ws::Opcode::close, true, {0x03, 0xE8}, masked));
  return bytes;
}

// Returns true if the fault happened.
bool converse(Fault fault, int nth, bool tls) {
  auto client = tls ? test::tls_pair() : test::TlsConnection{test::socket_pair(), {}, {}};
  if (tls) os::adopt(client.ours.get(), false);
  auto origin = test::socket_pair();
  TunnelRig rig(tunnel::Tunnel::Parts{.client_fd = std::move(client.sockets.ours),
                                      .client_ssl = std::move(client.ours),
                                      .origin_fd = std::move(origin.ours),
                                      .origin_ssl = {},
                                      .admission = {},
                                      .options = &test::lasting({.close = 1000, .high_watermark = 8192})});
  test::shrink_send_buffer(rig.side(Side::client).stream.fd());
  test::shrink_send_buffer(rig.side(Side::origin).stream.fd());
  Peer client_peer(client.sockets.peer, client.peer.get(), script(true));
  Peer origin_peer(origin.peer, nullptr, script(false));

  const test::SocketFaults faults(fault, nth);
  bool over = false;
  for (int turns = 0; turns < 1000 && !over; ++turns) {
    client_peer.act();
    over = rig.turn(10000);
    origin_peer.act();
  }
  INFO("call " << nth << ", TLS " << tls << ", outcome " << base::name(rig.tunnel->outcome()));
  CHECK(over);
  if (fault != Fault::reset || !faults.happened()) {
    CHECK(client_peer.heard() == script(false));
    CHECK(origin_peer.heard() == script(true));
    CHECK(rig.tunnel->outcome() == base::Outcome::closed);
  }
  return faults.happened();
}

}  // namespace

TEST_CASE("whichever call fails, the tunnel ends and leaves nothing open", "[tunnel][fault]") {
  const auto fault = GENERATE(Fault::none, Fault::reset, Fault::again, Fault::one_byte);
  const bool tls = GENERATE(false, true);
  const auto before = test::open_descriptors();
  int nth = 0;
  while (converse(fault, nth, tls)) ++nth;
  CHECK(test::open_descriptors() == before);
  if (fault != Fault::none) CHECK(nth > 10);
}
