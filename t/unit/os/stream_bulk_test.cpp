#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "mod_wsflow/os/stream.hpp"
#include "t/unit/support/openssl_memory.hpp"
#include "t/unit/support/socket_faults.hpp"
#include "t/unit/support/tls_stream.hpp"

using namespace wsflow;
using os::Io;
using test::bytes_of;
using test::gather;
using test::Role;
using test::TlsStream;

TEST_CASE("a large write leaves in one system call, a small one as it did", "[stream][tls]") {
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto tls = std::make_unique<TlsStream>(Role::server, version);
  for (const std::size_t size : {1, 16384, 16385, 65536, 66560}) {
    const auto bytes = test::pattern(size);
    const test::SocketFaults calls;
    const auto result = tls->stream.write(bytes);
    CHECK(result.status == Io::ok);
    CHECK(result.bytes == size);
    CHECK(calls.calls() == 1);
    CHECK(test::receive_some(tls->peer.get()).bytes == bytes);
  }
}

TEST_CASE("a large write that ends anywhere goes on there", "[stream][tls]") {
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto tls = std::make_unique<TlsStream>(Role::client, version);
  const auto bytes = test::pattern(65536);
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < 65536; place += 1009) places.push_back(place);
  for (std::size_t record = 1; record < 4; ++record) {
    for (std::size_t place = record * 16384; place < record * 16384 + 100; ++place) places.push_back(place);
  }
  for (const auto place : places) {
    {
      const test::SendQuota quota(place);
      REQUIRE(tls->stream.write(bytes).status == Io::again);
      REQUIRE(tls->stream.write(bytes).status == Io::again);
    }
    std::size_t taken = 0;
    test::Bytes arrived;
    while (taken < bytes.size()) {
      const test::Bytes elsewhere(bytes.begin() + static_cast<std::ptrdiff_t>(taken), bytes.end());
      // The writer may offer less than before.
      const auto result =
          tls->stream.write(std::span(elsewhere).first(std::min<std::size_t>(elsewhere.size(), 50000)));
      REQUIRE(result.status == Io::ok);
      taken += result.bytes;
      test::append(arrived, test::receive_some(tls->peer.get()).bytes);
    }
    REQUIRE(arrived == bytes);
  }
}

TEST_CASE("a new key that is asked for in the middle of a large write comes behind it", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  const auto bytes = test::pattern(65536);
  for (const std::size_t place : {0, 1, 20000, 50000}) {
    {
      const test::SendQuota quota(place);
      REQUIRE(tls->stream.write(bytes).status == Io::again);
      REQUIRE(test::send_all(tls->peer_fd.get(), test::key_update(tls->peer.get(), true)));
      auto status = Io::ok;
      tls->stream.note_readable(false);
      while (status == Io::ok) status = tls->stream.read(tls->buffer).status;
      REQUIRE(status == Io::again);
    }
    SECTION("reading goes on first") {
      REQUIRE(test::send_some(tls->peer.get(), bytes_of("abc")) == 3);
      CHECK(gather(*tls).text == "abc");
    }
    SECTION("writing goes on first") {}
    const auto result = tls->stream.write(bytes);
    REQUIRE(result.status == Io::ok);
    REQUIRE(result.bytes == bytes.size());
    CHECK(test::receive_some(tls->peer.get()).bytes == bytes);
    REQUIRE(tls->stream.write(bytes_of("end")).bytes == 3);
    CHECK(test::receive_some(tls->peer.get()).bytes == bytes_of("end"));
  }
}

TEST_CASE("the end of our direction comes behind records that wait", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  const auto bytes = test::pattern(65536);
  {
    const test::SendQuota quota(12345);
    REQUIRE(tls->stream.write(bytes).status == Io::again);
  }
  tls->stream.shutdown_write();
  const auto received = test::receive_some(tls->peer.get());
  CHECK(received.bytes == bytes);
  CHECK(received.ended == test::Ended::eof);
}

TEST_CASE("a connection that breaks in the middle of a large write fails", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>();
  const auto bytes = test::pattern(65536);
  SECTION("at once") {
    const test::SocketFaults fault(test::Fault::reset, 0);
    CHECK(tls->stream.write(bytes).status == Io::failed);
  }
  SECTION("later") {
    {
      const test::SendQuota quota(12345);
      REQUIRE(tls->stream.write(bytes).status == Io::again);
    }
    const test::SocketFaults fault(test::Fault::reset, 0);
    const auto result = tls->stream.write(bytes);
    CHECK(result.status == Io::failed);
    CHECK(result.error == ECONNRESET);
  }
}

TEST_CASE("a leg that only listens keeps no record buffer", "[stream][tls]") {
  const auto tls = std::make_unique<TlsStream>(Role::client);
  auto* peer = tls->peer.get();
  const bool ticket = GENERATE(true, false);
  const auto records = ticket ? test::session_ticket(peer) : test::key_update(peer);
  const auto before = test::openssl_bytes();
  REQUIRE(before > 0);
  REQUIRE(test::send_all(tls->peer_fd.get(), records));
  CHECK(gather(*tls).end == Io::again);
  CHECK(test::openssl_bytes() < before + 8000);  // a ticket brings a session; a record buffer has 16 KB
  REQUIRE(test::send_some(peer, bytes_of("abc")) == 3);
  CHECK(gather(*tls).text == "abc");
  CHECK(tls->stream.write(bytes_of("def")).bytes == 3);
  CHECK(test::receive_some(peer).bytes == bytes_of("def"));
}
