#include "mod_wsflow/os/tls_sessions.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "mod_wsflow/os/tls.hpp"
#include "t/unit/support/tls_pair.hpp"

using namespace wsflow;
using os::TlsSessions;

namespace {

constexpr base::Instant kNow{base::Millis(1'000'000)};

// A server and its client, which connect as often as the test likes.
struct Peers {
  explicit Peers(int version = TLS1_3_VERSION)
      : server(test::server_context(version)), client(test::client_context(version)) {}

  test::Context server;
  test::Context client;
  TlsSessions sessions;
  int scope = 0;

  TlsSessions::Key key(std::string_view name = "localhost") const {
    return sessions.key(client.get(), &scope, name, "wss://localhost 127.0.0.1 443");
  }
};

struct Pair {
  os::SslRef ours;
  os::SslRef peer;
  std::optional<base::Instant> verified;
};

Pair connect(Peers& peers, const TlsSessions::Key& key, base::Instant now = kNow) {
  Pair pair{os::SslRef(SSL_new(peers.client.get())), os::SslRef(SSL_new(peers.server.get())), {}};
  BIO* ours = nullptr;
  BIO* peer = nullptr;
  REQUIRE(BIO_new_bio_pair(&ours, 65536, &peer, 65536) == 1);
  SSL_set_bio(pair.ours.get(), ours, ours);
  SSL_set_bio(pair.peer.get(), peer, peer);
  SSL_set_connect_state(pair.ours.get());
  SSL_set_accept_state(pair.peer.get());
  pair.verified = peers.sessions.offer(key, pair.ours.get(), now);
  for (int round = 0; round < 5; ++round) {
    SSL_do_handshake(pair.ours.get());
    SSL_do_handshake(pair.peer.get());
  }
  REQUIRE(SSL_is_init_finished(pair.ours.get()));
  REQUIRE(test::send_some(pair.peer.get(), test::bytes_of("abc")) == 3);
  REQUIRE(test::receive_some(pair.ours.get()).bytes == test::bytes_of("abc"));
  return pair;
}

bool resumed(const Pair& pair) {
  CHECK(SSL_session_reused(pair.ours.get()) == SSL_session_reused(pair.peer.get()));
  return SSL_session_reused(pair.ours.get()) == 1;
}

void keep(Peers& peers, const Pair& pair) {
  peers.sessions.keep(peers.key(), pair.ours.get(), pair.verified.value_or(kNow), kNow);
}

}  // namespace

TEST_CASE("the next connection resumes the session that was kept", "[tls_sessions]") {
  Peers peers(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  auto first = connect(peers, peers.key());
  CHECK_FALSE(first.verified);
  CHECK_FALSE(resumed(first));
  keep(peers, first);
  for (int i = 0; i < 3; ++i) {
    const auto next = connect(peers, peers.key());
    CHECK(next.verified == kNow);
    CHECK(resumed(next));
    CHECK(SSL_get0_peer_certificate(next.ours.get()) == SSL_get0_peer_certificate(first.ours.get()));
    if (i == 1) keep(peers, next);
  }
}

TEST_CASE("another context, scope, name or address has no part in a session", "[tls_sessions]") {
  Peers peers;
  keep(peers, connect(peers, peers.key()));
  const auto& sessions = peers.sessions;
  const auto other_context = test::client_context();
  const char* const address = "wss://localhost 127.0.0.1 443";
  const int other_scope = 0;
  const auto same = sessions.key(peers.client.get(), &peers.scope, "localhost", address);
  CHECK(same == peers.key());
  const TlsSessions::Key others[] = {
      sessions.key(other_context.get(), &peers.scope, "localhost", address),
      sessions.key(peers.client.get(), &other_scope, "localhost", address),
      sessions.key(peers.client.get(), &peers.scope, "localhosu", address),
      sessions.key(peers.client.get(), &peers.scope, "localhost", "wss://localhost 127.0.0.1 444"),
      sessions.key(peers.client.get(), &peers.scope, "localhostwss://localhost", " 127.0.0.1 443"),
  };
  for (const auto& key : others) {
    CHECK(key != same);
    CHECK_FALSE(resumed(connect(peers, key)));
  }
  CHECK(resumed(connect(peers, same)));
}

TEST_CASE("a certificate is verified again in time, however often a session was renewed", "[tls_sessions]") {
  Peers peers;
  keep(peers, connect(peers, peers.key()));
  const auto late = kNow + TlsSessions::kVerifiedFor - base::Millis(1);
  const auto renewed = connect(peers, peers.key(), late);
  CHECK(resumed(renewed));
  peers.sessions.keep(peers.key(), renewed.ours.get(), *renewed.verified, late);
  CHECK(resumed(connect(peers, peers.key(), late)));
  CHECK_FALSE(resumed(connect(peers, peers.key(), late + base::Millis(1))));
}

TEST_CASE("a server that does not know the session any more gets a full handshake", "[tls_sessions]") {
  Peers peers(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  keep(peers, connect(peers, peers.key()));
  peers.server = test::server_context(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  SSL_CTX_set_min_proto_version(peers.client.get(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(peers.client.get(), TLS1_3_VERSION);
  const auto next = connect(peers, peers.key());
  CHECK(next.verified);
  CHECK_FALSE(resumed(next));
}

TEST_CASE("a session that cannot be resumed is not kept, and a forgotten one not offered", "[tls_sessions]") {
  Peers peers;
  SECTION("no ticket") {
    SSL_CTX_set_num_tickets(peers.server.get(), 0);
    keep(peers, connect(peers, peers.key()));
  }
  SECTION("forgotten") {
    keep(peers, connect(peers, peers.key()));
    peers.sessions.forget(peers.key("another"));
    CHECK(resumed(connect(peers, peers.key())));
    peers.sessions.forget(peers.key());
  }
  CHECK_FALSE(connect(peers, peers.key()).verified);
}

TEST_CASE("what becomes of one connection's session is nothing to the others", "[tls_sessions]") {
  Peers peers(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  auto first = connect(peers, peers.key());
  keep(peers, first);
  const auto spoil = [&](const Pair& pair) {
    SSL_CTX_remove_session(peers.client.get(), SSL_get_session(pair.ours.get()));  // as after a fatal alert
    os::forget_session(pair.ours.get());
  };
  spoil(first);
  const auto second = connect(peers, peers.key());
  CHECK(resumed(second));
  spoil(second);
  CHECK(resumed(connect(peers, peers.key())));
}

TEST_CASE("no session allows early data", "[tls_sessions]") {
  Peers peers;
  SSL_CTX_set_max_early_data(peers.server.get(), 16384);
  const auto first = connect(peers, peers.key());
  CHECK(SSL_SESSION_get_max_early_data(SSL_get_session(first.ours.get())) == 16384);
  keep(peers, first);
  const os::SslRef next(SSL_new(peers.client.get()));
  REQUIRE(peers.sessions.offer(peers.key(), next.get(), kNow));
  CHECK(SSL_SESSION_get_max_early_data(SSL_get_session(next.get())) == 0);
}

TEST_CASE("sessions have a bound, and the oldest goes first", "[tls_sessions]") {
  Peers peers;
  const auto pair = connect(peers, peers.key());
  const auto key_of = [&](std::size_t number) { return peers.key(std::to_string(number)); };
  for (std::size_t i = 0; i <= TlsSessions::kMost; ++i) {
    peers.sessions.keep(key_of(i), pair.ours.get(), kNow, kNow + base::Millis(i));
  }
  const auto kept = [&](std::size_t number) {
    const os::SslRef next(SSL_new(peers.client.get()));
    return peers.sessions.offer(key_of(number), next.get(), kNow).has_value();
  };
  CHECK_FALSE(kept(0));
  for (std::size_t i = 1; i <= TlsSessions::kMost; ++i) CHECK(kept(i));
}
