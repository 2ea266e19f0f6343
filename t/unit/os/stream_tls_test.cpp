#include <openssl/err.h>

#include <catch2/catch.hpp>
#include <memory>

#include "mod_wsflow/os/stream.hpp"
#include "t/unit/support/socket_faults.hpp"
#include "t/unit/support/tls_pair.hpp"
#include "t/unit/support/tls_stream.hpp"

using namespace wsflow;
using os::Io;
using test::bytes_of;
using test::gather;
using test::Role;
using test::TlsStream;

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

TEST_CASE("a TLS write takes a part of what is too long for one system call", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  const auto bytes = test::pattern(400000);
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

TEST_CASE("records come together, whatever their size", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  for (int i = 0; i < 20; ++i) REQUIRE(test::send_some(tls->peer.get(), bytes_of("abc")) == 3);
  CHECK(tls->read().bytes == 60);
  CHECK(tls->stream.work() == 20);
  CHECK(tls->stream.read(tls->buffer).status == Io::again);
  const auto large = test::pattern(16384);
  for (int i = 0; i < 2; ++i) REQUIRE(test::send_some(tls->peer.get(), large) == large.size());
  CHECK(tls->read().bytes == 2 * large.size());
  CHECK(tls->stream.read(tls->buffer).status == Io::again);
}

TEST_CASE("one read gathers no more than there is room for", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  for (int i = 0; i < 3; ++i) REQUIRE(test::send_some(tls->peer.get(), bytes_of("abcd")) == 4);
  tls->stream.note_readable(false);
  std::string all;
  for (;;) {
    const auto got = tls->stream.read(std::span(tls->buffer).first(5));
    if (got.status != Io::ok) break;
    CHECK(got.bytes <= 5);
    all += tls->text(got.bytes);
  }
  CHECK(all == "abcdabcdabcd");
}

TEST_CASE("an end behind records that are read together is told by the next read", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  REQUIRE(test::send_some(tls->peer.get(), bytes_of("last")) == 4);
  const auto with_word = GENERATE(true, false);
  if (with_word) SSL_shutdown(tls->peer.get());
  test::end_stream(tls->peer_fd.get());
  const auto all = gather(*tls, true);
  CHECK(all.text == "last");
  CHECK(all.end == Io::eof);
}

TEST_CASE("a reset behind records that are read together is told by the next read", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  REQUIRE(test::send_some(tls->peer.get(), bytes_of("last")) == 4);
  tls->stream.note_readable(true);
  const test::SocketFaults fault(test::Fault::reset, 1);
  CHECK(tls->stream.read(tls->buffer).bytes == 4);
  const auto got = tls->stream.read(tls->buffer);
  CHECK(fault.happened());
  CHECK(got.status == Io::failed);
  CHECK(got.error == ECONNRESET);
}

TEST_CASE("key updates and session tickets between the data lose nothing", "[stream][tls]") {
  const auto role = GENERATE(Role::server, Role::client);
  const bool asks = GENERATE(false, true);
  const auto tls = std::make_unique<TlsStream>(role);
  auto* peer = tls->peer.get();
  test::Bytes records;
  for (const auto* piece : {"one", "two", "three"}) {
    test::append(records, test::key_update(peer, asks));
    if (role == Role::client) test::append(records, test::session_ticket(peer));
    test::append(records, test::sealed(peer, bytes_of(piece)));
  }
  SECTION("at once") {
    REQUIRE(test::send_all(tls->peer_fd.get(), records));
    CHECK(gather(*tls).text == "onetwothree");
  }
  SECTION("a byte at a time") {
    std::string all;
    for (const auto byte : records) {
      REQUIRE(test::send_all(tls->peer_fd.get(), {&byte, 1}));
      const auto some = gather(*tls);
      CHECK(some.end == Io::again);
      all += some.text;
    }
    CHECK(all == "onetwothree");
  }
  CHECK(tls->stream.write(bytes_of("back")).bytes == 4);
  CHECK(test::receive_some(peer).bytes == bytes_of("back"));
}

TEST_CASE("a record that is no data hides no end of stream behind it", "[stream][tls]") {
  const auto role = GENERATE(Role::server, Role::client);
  const auto tls = std::make_unique<TlsStream>(role);
  REQUIRE(test::send_all(tls->peer_fd.get(), role == Role::client ? test::session_ticket(tls->peer.get())
                                                                  : test::key_update(tls->peer.get(), true)));
  test::end_stream(tls->peer_fd.get());
  CHECK(gather(*tls, true).end == Io::eof);
}

TEST_CASE("a read ends in the middle of a flood of records without data", "[stream][tls]") {
  const bool asks = GENERATE(false, true);
  const auto tls = std::make_unique<TlsStream>();
  test::Bytes flood;
  for (int i = 0; i < 3000; ++i) test::append(flood, test::key_update(tls->peer.get(), asks));
  test::append(flood, test::sealed(tls->peer.get(), bytes_of("data")));
  REQUIRE(test::send_all(tls->peer_fd.get(), flood));
  std::string all;
  unsigned reads = 0;
  tls->stream.note_readable(false);
  while (all.empty()) {
    const auto got = tls->stream.read(tls->buffer);
    // Before the flood is known, at most the bytes of one record are read ahead.
    if (++reads > 10) CHECK(tls->stream.work() <= 65);
    all += tls->text(got.bytes);
    if (got.status == Io::ok) continue;
    // While the peer does not take the answers that it asked for, nothing more is read.
    REQUIRE(got.status == Io::again);
    REQUIRE(asks);
    REQUIRE(tls->stream.read(tls->buffer).status == Io::again);
    test::receive_some(tls->peer.get());
    tls->stream.note_readable(false);
  }
  CHECK(all == "data");
  CHECK(reads > 30);
}

TEST_CASE("a flood that keeps a record's head split between two receives gets no longer turn",
          "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  auto* peer = tls->peer.get();
  // The first receives end two bytes behind the end of a record of 32 bytes.
  auto flood = test::sealed(peer, bytes_of("12345678"));
  REQUIRE(flood.size() == 30);
  SSL_set_record_padding_callback(peer, [](SSL*, int, std::size_t, void*) -> std::size_t { return 5; });
  for (int i = 0; i < 2000; ++i) test::append(flood, test::key_update(peer));
  REQUIRE(flood.size() == 30 + 2000 * 32);
  REQUIRE(test::send_all(tls->peer_fd.get(), flood));
  tls->stream.note_readable(false);
  CHECK(tls->stream.read(tls->buffer).bytes == 8);
  CHECK(gather(*tls).reads > 30);
}

TEST_CASE("a part of a record is heard", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  const auto record = test::sealed(tls->peer.get(), test::pattern(1000));
  REQUIRE(test::send_all(tls->peer_fd.get(), std::span(record).first(500)));
  CHECK(tls->read().status == Io::again);
  CHECK(tls->stream.heard());
  CHECK(tls->read().status == Io::again);
  CHECK_FALSE(tls->stream.heard());
  REQUIRE(test::send_all(tls->peer_fd.get(), std::span(record).subspan(500)));
  CHECK(tls->read().bytes == 1000);
}
