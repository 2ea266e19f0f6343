#include <openssl/err.h>

#include <array>
#include <catch2/catch.hpp>
#include <memory>

#include "mod_wsflow/os/stream.hpp"
#include "t/unit/support/socket_faults.hpp"
#include "t/unit/support/tls_pair.hpp"

using namespace wsflow;
using os::Io;
using test::bytes_of;
using test::Role;

namespace {

test::TlsConnection adopted(Role role, int version) {
  auto tls = test::tls_pair(role, version);
  os::adopt(tls.ours.get(), false);
  return tls;
}

// A stream whose SSL object was taken over from "somebody else" after the handshake.
struct TlsStream {
  explicit TlsStream(Role role = Role::server, int version = TLS1_3_VERSION)
      : TlsStream(adopted(role, version)) {}
  explicit TlsStream(test::TlsConnection tls)
      : peer_fd(std::move(tls.sockets.peer)),
        peer(std::move(tls.peer)),
        stream(std::move(tls.sockets.ours), std::move(tls.ours)) {
    REQUIRE(stream.bind_tls(method.get()));
  }

  os::IoResult read() {
    stream.note_readable(false);
    return stream.read(buffer);
  }
  std::string text(std::size_t size) const {
    return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)};
  }

  os::BioMethod method = os::make_stream_bio_method();
  base::UniqueFd peer_fd;
  os::SslRef peer;
  os::Stream stream;
  std::array<std::uint8_t, 32768> buffer{};
};

}  // namespace

TEST_CASE("TLS bytes pass both ways after the take-over", "[stream][tls]") {
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto role = GENERATE(Role::server, Role::client);
  const auto tls = std::make_unique<TlsStream>(role, version);
  CHECK(tls->stream.tls());
  REQUIRE(test::send_some(tls->peer.get(), bytes_of("ping")) == 4);
  const auto got = tls->read();
  REQUIRE(got.status == Io::ok);
  CHECK(tls->text(got.bytes) == "ping");
  CHECK(tls->stream.write(bytes_of("pong")).bytes == 4);
  CHECK(test::receive_some(tls->peer.get()).bytes == bytes_of("pong"));
}

TEST_CASE("records that came in one segment are all read before `again`", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  for (const auto* piece : {"one", "two", "three"})
    REQUIRE(test::send_some(tls->peer.get(), bytes_of(piece)) != 0);
  std::string all;
  tls->stream.note_readable(false);
  for (auto got = tls->stream.read(tls->buffer); got.status == Io::ok; got = tls->stream.read(tls->buffer)) {
    all += tls->text(got.bytes);
  }
  CHECK(all == "onetwothree");
}

TEST_CASE("the short-read rule saves the system call under TLS too", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  REQUIRE(test::send_some(tls->peer.get(), bytes_of("ping")) == 4);
  const test::SocketFaults calls;
  CHECK(tls->read().status == Io::ok);
  CHECK(tls->stream.read(tls->buffer).status == Io::again);
  CHECK(calls.calls() == 1);
}

TEST_CASE("close_notify is an end of stream, and writing goes on", "[stream][tls]") {
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto tls = std::make_unique<TlsStream>(Role::server, version);
  SSL_shutdown(tls->peer.get());
  CHECK(tls->read().status == Io::eof);
  CHECK(tls->stream.write(bytes_of("late")).status == Io::ok);
  CHECK(test::receive_some(tls->peer.get()).bytes == bytes_of("late"));
}

TEST_CASE("a FIN without close_notify is an end of stream, not a failure", "[stream][tls]") {
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto tls = std::make_unique<TlsStream>(Role::server, version);
  REQUIRE(test::send_some(tls->peer.get(), bytes_of("last")) == 4);
  test::end_stream(tls->peer_fd.get());
  tls->stream.note_readable(true);
  const auto got = tls->stream.read(tls->buffer);
  REQUIRE(got.status == Io::ok);
  CHECK(tls->text(got.bytes) == "last");
  CHECK(tls->stream.read(tls->buffer).status == Io::eof);
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("after a FIN without close_notify the peer can still be written to", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  test::end_stream(tls->peer_fd.get());
  tls->stream.note_readable(true);
  REQUIRE(tls->stream.read(tls->buffer).status == Io::eof);
  CHECK(tls->stream.write(bytes_of("late")).status == Io::ok);
  CHECK(test::receive_some(tls->peer.get()).bytes == bytes_of("late"));
}

TEST_CASE("bytes that are no TLS break the connection with an error", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  REQUIRE(test::send_all(tls->peer_fd.get(), bytes_of("GET / HTTP/1.1\r\n\r\n")));
  const auto got = tls->read();
  CHECK(got.status == Io::failed);
  CHECK(got.error != 0);
  CHECK(ERR_peek_error() == 0);  // nothing left for the thread's next user of OpenSSL
}

TEST_CASE("a refused TLS write is taken up again from a buffer that has moved", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  const auto bytes = test::pattern(1 << 20);
  test::Bytes arrived;
  std::size_t sent = 0;
  int refused = 0;
  while (sent < bytes.size()) {
    const test::Bytes elsewhere(bytes.begin() + static_cast<std::ptrdiff_t>(sent), bytes.end());
    const auto result = tls->stream.write(elsewhere);
    if (result.status == Io::ok) {
      sent += result.bytes;
      continue;
    }
    REQUIRE(result.status == Io::again);
    ++refused;
    test::append(arrived, test::receive_some(tls->peer.get()).bytes);
  }
  test::append(arrived, test::receive_some(tls->peer.get()).bytes);
  CHECK(refused > 0);
  CHECK(arrived == bytes);
}

TEST_CASE("a TLS write takes a part of what is too long for one record", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  const auto bytes = test::pattern(40000);
  const auto result = tls->stream.write(bytes);
  REQUIRE(result.status == Io::ok);
  CHECK(result.bytes > 0);
  CHECK(result.bytes < bytes.size());
}

TEST_CASE("shutdown_write sends close_notify and FIN, and reading goes on", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  tls->stream.shutdown_write();
  CHECK(test::receive_some(tls->peer.get()).ended == test::Ended::eof);
  CHECK(test::receive_some(tls->peer_fd.get()).ended == test::Ended::eof);
  REQUIRE(test::send_some(tls->peer.get(), bytes_of("bye")) == 3);
  const auto got = tls->read();
  REQUIRE(got.status == Io::ok);
  CHECK(tls->text(got.bytes) == "bye");
}

TEST_CASE("a reset while TLS is on is a failure", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  const test::SocketFaults fault(test::Fault::reset, 0);
  const auto got = tls->read();
  CHECK(got.status == Io::failed);
  CHECK(got.error == ECONNRESET);
}
