#pragma once

#include <openssl/ssl.h>

#include <span>
#include <utility>

#include "mod_wsflow/os/tls.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"
#include "t/unit/support/sockets.hpp"
#include "t/unit/support/tls_pair.hpp"

namespace wsflow::test {

// The test's end of a connection, plain or with TLS on it.
struct Peer {
  base::UniqueFd fd;
  os::SslRef ssl;  // none: plain

  std::size_t send_some(std::span<const std::uint8_t> bytes) {
    return ssl ? test::send_some(ssl.get(), bytes) : test::send_some(fd.get(), bytes);
  }
  Received receive_some() { return ssl ? test::receive_some(ssl.get()) : test::receive_some(fd.get()); }
  void end_stream() {
    if (ssl) SSL_shutdown(ssl.get());
    test::end_stream(fd.get());
  }
};

// The test's two ends of a tunnel.
struct Peers {
  Peer client;
  Peer origin;
};

inline std::unique_ptr<tunnel::Tunnel> make_tunnel(Peers& peers, bool tls) {
  auto client = tls ? tls_pair(Role::server) : TlsConnection{socket_pair(), {}, {}};
  auto origin = tls ? tls_pair(Role::client) : TlsConnection{socket_pair(), {}, {}};
  if (tls) {
    os::adopt(client.ours.get(), false);
    os::adopt(origin.ours.get(), false);
  }
  peers.client = {std::move(client.sockets.peer), std::move(client.peer)};
  peers.origin = {std::move(origin.sockets.peer), std::move(origin.peer)};
  return std::make_unique<tunnel::Tunnel>(tunnel::Tunnel::Parts{.client_fd = std::move(client.sockets.ours),
                                                                .client_ssl = std::move(client.ours),
                                                                .origin_fd = std::move(origin.sockets.ours),
                                                                .origin_ssl = std::move(origin.ours),
                                                                .admission = {}},
                                          base::now());
}

// Bytes that go from one peer through the tunnel to the other.
struct Flow {
  Peer& from;
  Peer& to;
  Bytes bytes;
  std::size_t sent = 0;
  Received arrived{};

  // Sends what is taken now of the first `limit` bytes, and receives what is there. `limit` never gets less.
  void act(std::size_t limit = SIZE_MAX) {
    const auto end = std::min(limit, bytes.size());
    if (sent < end) sent += from.send_some(std::span(bytes).subspan(sent, end - sent));
    auto some = to.receive_some();
    append(arrived.bytes, some.bytes);
    arrived.ended = some.ended;
  }
  bool done() const { return arrived.bytes.size() >= bytes.size(); }
};

}  // namespace wsflow::test
