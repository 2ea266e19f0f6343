#include "mod_wsflow/os/stream.hpp"

#include <array>
#include <catch2/catch.hpp>

#include "t/unit/support/socket_faults.hpp"
#include "t/unit/support/sockets.hpp"

using namespace wsflow;
using os::Io;
using test::bytes_of;

namespace {

struct PlainStream {
  PlainStream() : PlainStream(test::socket_pair()) {}
  explicit PlainStream(test::Connection pair)
      : peer(std::move(pair.peer)), stream(std::move(pair.ours), {}) {}

  os::IoResult read(std::size_t most = 64) { return stream.read(std::span(buffer).first(most)); }

  base::UniqueFd peer;
  os::Stream stream;
  std::array<std::uint8_t, 64> buffer{};
};

}  // namespace

TEST_CASE("after a short read the socket is not asked again", "[stream]") {
  PlainStream plain;
  REQUIRE(test::send_all(plain.peer.get(), bytes_of("abc")));
  const test::SocketFaults calls;
  CHECK(plain.read().bytes == 3);
  CHECK(plain.read().status == Io::again);
  CHECK(plain.read().status == Io::again);
  CHECK(calls.calls() == 1);
}

TEST_CASE("an edge makes the socket be asked again", "[stream]") {
  PlainStream plain;
  CHECK(plain.read().status == Io::again);
  REQUIRE(test::send_all(plain.peer.get(), bytes_of("abc")));
  CHECK(plain.read().status == Io::again);  // nobody has told it yet
  plain.stream.note_readable(false);
  CHECK(plain.read().bytes == 3);
}

TEST_CASE("a full read is followed by another", "[stream]") {
  PlainStream plain;
  REQUIRE(test::send_all(plain.peer.get(), bytes_of("abcdef")));
  CHECK(plain.read(4).bytes == 4);
  CHECK(plain.read(4).bytes == 2);
  CHECK(plain.read(4).status == Io::again);
}

TEST_CASE("with a hang-up waiting a short read is no end: data and FIN came in one event", "[stream]") {
  PlainStream plain;
  REQUIRE(test::send_all(plain.peer.get(), bytes_of("abc")));
  test::end_stream(plain.peer.get());
  plain.stream.note_readable(true);
  CHECK(plain.read().bytes == 3);
  CHECK(plain.read().status == Io::eof);
}

TEST_CASE("a hang-up is remembered over later edges", "[stream]") {
  PlainStream plain;
  REQUIRE(test::send_all(plain.peer.get(), bytes_of("abc")));
  plain.stream.note_readable(true);
  plain.stream.note_readable(false);
  CHECK(plain.read().bytes == 3);
  test::end_stream(plain.peer.get());
  CHECK(plain.read().status == Io::eof);
}

TEST_CASE("plain writing takes a part, says again, and goes on where it stopped", "[stream]") {
  PlainStream plain;
  const auto bytes = test::pattern(1 << 20);
  test::Bytes arrived;
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto result = plain.stream.write(std::span(bytes).subspan(sent));
    if (result.status == Io::ok) {
      sent += result.bytes;
      continue;
    }
    REQUIRE(result.status == Io::again);
    test::append(arrived, test::receive_some(plain.peer.get()).bytes);
  }
  test::append(arrived, test::receive_some(plain.peer.get()).bytes);
  CHECK(arrived == bytes);
}

TEST_CASE("plain shutdown_write sends the end and keeps reading", "[stream]") {
  PlainStream plain;
  CHECK_FALSE(plain.stream.tls());
  plain.stream.shutdown_write();
  CHECK(test::receive_to_end(plain.peer.get()).ended == test::Ended::eof);
  REQUIRE(test::send_all(plain.peer.get(), bytes_of("x")));
  CHECK(plain.read().bytes == 1);
}

TEST_CASE("the stream closes its socket", "[stream]") {
  const auto before = test::open_descriptors();
  { const PlainStream plain; }
  CHECK(test::open_descriptors() == before);
}
