#include "mod_wsflow/os/tls.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "mod_wsflow/os/stream.hpp"
#include "t/unit/support/openssl_memory.hpp"
#include "t/unit/support/tls_pair.hpp"

using namespace wsflow;
using test::bytes_of;

namespace {

struct FormerOwner {
  int calls = 0;
};
void count_info(const SSL* ssl, int, int) {
  ++static_cast<FormerOwner*>(SSL_get_app_data(ssl))->calls;
}
void count_message(int, int, int, const void*, std::size_t, SSL* ssl, void*) {
  ++static_cast<FormerOwner*>(SSL_get_app_data(ssl))->calls;
}

}  // namespace

TEST_CASE("after adoption nothing of the former owner is called", "[tls]") {
  FormerOwner owner;
  auto tls = test::tls_pair();
  SSL_set_app_data(tls.ours.get(), &owner);
  SSL_set_info_callback(tls.ours.get(), count_info);
  SSL_set_msg_callback(tls.ours.get(), count_message);
  SSL_set_quiet_shutdown(tls.ours.get(), 1);
  os::adopt(tls.ours.get(), false);
  CHECK(SSL_get_app_data(tls.ours.get()) == nullptr);

  const auto method = os::make_stream_bio_method();
  os::Stream stream(std::move(tls.sockets.ours), std::move(tls.ours));
  REQUIRE(stream.bind_tls(method.get()));
  REQUIRE(test::send_some(tls.peer.get(), bytes_of("abc")) == 3);
  std::array<std::uint8_t, 64> buffer{};
  CHECK(stream.read(buffer).bytes == 3);
  CHECK(stream.write(bytes_of("def")).bytes == 3);
  stream.shutdown_write();
  CHECK(owner.calls == 0);
  const auto received = test::receive_some(tls.peer.get());
  CHECK(received.bytes == bytes_of("def"));
  CHECK(received.ended == test::Ended::eof);  // no quiet shutdown any more
}

TEST_CASE("a close_notify that was read before the adoption is not forgotten", "[tls]") {
  auto tls = test::tls_pair();
  os::adopt(tls.ours.get(), true);
  CHECK(SSL_get_shutdown(tls.ours.get()) == SSL_RECEIVED_SHUTDOWN);
  const auto method = os::make_stream_bio_method();
  os::Stream stream(std::move(tls.sockets.ours), std::move(tls.ours));
  REQUIRE(stream.bind_tls(method.get()));
  std::array<std::uint8_t, 64> buffer{};
  CHECK(stream.read(buffer).status == os::Io::eof);
  CHECK(stream.write(bytes_of("late")).status == os::Io::ok);
  CHECK(test::receive_some(tls.peer.get()).bytes == bytes_of("late"));
}

TEST_CASE("bytes that were decrypted before the adoption come out of the stream", "[tls]") {
  auto tls = test::tls_pair();
  REQUIRE(test::send_some(tls.peer.get(), bytes_of("abcdef")) == 6);
  std::array<std::uint8_t, 64> buffer{};
  REQUIRE(SSL_read(tls.ours.get(), buffer.data(), 2) == 2);  // the rest waits inside the SSL object
  os::adopt(tls.ours.get(), false);
  const auto method = os::make_stream_bio_method();
  os::Stream stream(std::move(tls.sockets.ours), std::move(tls.ours));
  REQUIRE(stream.bind_tls(method.get()));
  CHECK(stream.read(buffer).bytes == 4);
  CHECK(buffer[0] == 'c');
}

TEST_CASE("the peer cannot renegotiate an adopted connection", "[tls]") {
  auto tls = test::tls_pair(test::Role::server, TLS1_2_VERSION);
  os::adopt(tls.ours.get(), false);
  CHECK((SSL_get_options(tls.ours.get()) & SSL_OP_NO_RENEGOTIATION) != 0);
  const auto method = os::make_stream_bio_method();
  os::Stream stream(std::move(tls.sockets.ours), std::move(tls.ours));
  REQUIRE(stream.bind_tls(method.get()));
  SSL_renegotiate(tls.peer.get());
  SSL_do_handshake(tls.peer.get());
  std::array<std::uint8_t, 64> buffer{};
  CHECK(stream.read(buffer).status == os::Io::again);  // refused with a warning
  CHECK(stream.write(bytes_of("x")).status == os::Io::ok);
}

TEST_CASE("a stream without TLS needs no BIO", "[tls]") {
  auto pair = test::socket_pair();
  os::Stream stream(std::move(pair.ours), {});
  CHECK(stream.bind_tls(nullptr));
}

TEST_CASE("no end of an adopted connection asks the context's session cache for anything", "[tls]") {
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  auto tls = test::tls_pair(test::Role::server, version);
  // mod_ssl sets its contexts up like this: sessions are kept elsewhere.
  auto* context = SSL_get_SSL_CTX(tls.ours.get());
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
  static int removed = 0;
  removed = 0;
  SSL_CTX_sess_set_remove_cb(context, [](SSL_CTX*, SSL_SESSION*) { ++removed; });
  const auto method = os::make_stream_bio_method();
  SECTION("adopted") {
    os::adopt(tls.ours.get(), false);
    os::Stream stream(std::move(tls.sockets.ours), std::move(tls.ours));
    REQUIRE(stream.bind_tls(method.get()));
    SECTION("a fatal alert") {
      // Bytes that are no TLS record make the peer send an alert.
      REQUIRE(test::send_all(stream.fd(), bytes_of("GET / HTTP/1.1\r\n\r\n")));
      CHECK(test::receive_some(tls.peer.get()).ended == test::Ended::reset);
    }
    SECTION("an end of stream") {
      tls.sockets.peer.reset();
    }
    std::array<std::uint8_t, 64> buffer{};
    CHECK(stream.read(buffer).status != os::Io::ok);
  }
  SECTION("dropped at once") {
    tls.ours.reset();
  }
  CHECK(removed == 0);
}

TEST_CASE("a session ticket that comes late leaves nothing that a cache is asked for", "[tls]") {
  auto tls = test::tls_pair(test::Role::client);
  // mod_ssl sets up its contexts towards origins like those towards clients.
  auto* context = SSL_get_SSL_CTX(tls.ours.get());
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
  static int removed = 0;
  removed = 0;
  SSL_CTX_sess_set_remove_cb(context, [](SSL_CTX*, SSL_SESSION*) { ++removed; });
  os::adopt(tls.ours.get(), false);
  const auto method = os::make_stream_bio_method();
  os::Stream stream(std::move(tls.sockets.ours), std::move(tls.ours));
  REQUIRE(stream.bind_tls(method.get()));
  auto records = test::session_ticket(tls.peer.get());
  const bool at_once = GENERATE(true, false);
  std::array<std::uint8_t, 64> buffer{};
  if (!at_once) {
    REQUIRE(test::send_all(tls.sockets.peer.get(), records));
    stream.note_readable(false);
    while (stream.read(buffer).status == os::Io::ok) {
    }
    records.clear();
  }
  test::append(records, bytes_of("this is no record"));
  REQUIRE(test::send_all(tls.sockets.peer.get(), records));
  stream.note_readable(false);
  auto status = os::Io::ok;
  while (status == os::Io::ok) status = stream.read(buffer).status;
  CHECK(status == os::Io::failed);
  CHECK(removed == 0);
}

TEST_CASE("adoption frees the buffers of a connection that rests", "[tls]") {
  auto tls = test::tls_pair();
  const auto before = test::openssl_bytes();
  os::adopt(tls.ours.get(), false);
  CHECK(test::openssl_bytes() + 30000 < before);
}

TEST_CASE("adoption frees what only a handshake needs", "[tls]") {
  auto tls = test::tls_pair(test::Role::server, TLS1_2_VERSION);
  REQUIRE(os::free_buffers(tls.ours.get()));
  REQUIRE(sk_SSL_CIPHER_num(SSL_get_client_ciphers(tls.ours.get())) > 20);
  const auto before = test::openssl_bytes();
  os::adopt(tls.ours.get(), false);
  CHECK(test::openssl_bytes() + 100 < before);
}

TEST_CASE("adoption in the middle of a record loses nothing of it", "[tls]") {
  auto tls = test::tls_pair();
  const auto bytes = test::pattern(1000);
  const auto record = test::sealed(tls.peer.get(), bytes);
  const auto split = GENERATE(std::size_t{3}, std::size_t{5}, std::size_t{500});
  REQUIRE(test::send_all(tls.sockets.peer.get(), std::span(record).first(split)));
  std::array<std::uint8_t, 2000> buffer{};
  CHECK(SSL_read(tls.ours.get(), buffer.data(), 2000) < 0);
  os::adopt(tls.ours.get(), false);
  const auto method = os::make_stream_bio_method();
  os::Stream stream(std::move(tls.sockets.ours), std::move(tls.ours));
  REQUIRE(stream.bind_tls(method.get()));
  REQUIRE(test::send_all(tls.sockets.peer.get(), std::span(record).subspan(split)));
  stream.note_readable(false);
  REQUIRE(stream.read(buffer).bytes == bytes.size());
  CHECK(std::equal(bytes.begin(), bytes.end(), buffer.begin()));
}
