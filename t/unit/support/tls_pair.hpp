#pragma once

#include "mod_wsflow/os/tls.hpp"
#include "t/unit/support/sockets.hpp"

namespace wsflow::test {

struct ContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, ContextFree>;

// A context with a certificate of its own, made on the spot; a client's context trusts everybody.
Context server_context(int version = TLS1_3_VERSION);
Context client_context(int version = TLS1_3_VERSION);

// A connection with TLS on it, the handshake done. The test's end is blocking-free like the socket below it.
struct TlsConnection {
  Connection sockets;
  os::SslRef ours;
  os::SslRef peer;
};
enum class Role { server, client };  // which of the two the code under test plays
TlsConnection tls_pair(Role ours = Role::server, int version = TLS1_3_VERSION);

// Records of the peer, for the test to send how it likes: with `bytes` in them, a key update that asks for
// one in return or not, a late session ticket of a server.
Bytes sealed(SSL* ssl, std::span<const std::uint8_t> bytes);
Bytes key_update(SSL* ssl, bool asks = false);
Bytes session_ticket(SSL* ssl);

// The peer's writing and reading, as in sockets.hpp; for TLS, `eof` is a close_notify and `reset` any error.
std::size_t send_some(SSL* ssl, std::span<const std::uint8_t> bytes);
Received receive_some(SSL* ssl);

}  // namespace wsflow::test
