#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "mod_wsflow/ws/frame_scanner.hpp"
#include "t/unit/support/frames.hpp"

using namespace wsflow::ws;
using wsflow::test::append;
using wsflow::test::Bytes;
using wsflow::test::frame;
using wsflow::test::header;
using wsflow::test::Scan;

namespace {

struct Stream {
  Bytes bytes;
  std::vector<std::size_t> ends{0};  // of the frames

  void add(const Bytes& one) {
    append(bytes, one);
    ends.push_back(bytes.size());
  }
  // The first boundary at or behind `at`.
  std::size_t boundary(std::size_t at) const { return *std::lower_bound(ends.begin(), ends.end(), at); }
};

Stream mixed_stream(bool masked) {
  Stream stream;
  stream.add(frame(Opcode::text, true, Bytes(5, 'a'), masked));
  stream.add(frame(Opcode::text, true, {}, masked));
  stream.add(frame(Opcode::binary, false, Bytes(126, 0xFF), masked));
  stream.add(frame(Opcode::ping, true, {}, masked));
  stream.add(frame(Opcode::continuation, false, {}, masked));
  stream.add(frame(Opcode::continuation, true, Bytes(130, 0x81), masked));
  auto wide = header(Opcode::binary, true, 6, 64, masked);
  append(wide, Bytes(6, 0x88));
  stream.add(wide);
  stream.add(header(Opcode::binary, true, 0, 64, masked));
  stream.add(frame(Opcode::close, true, {0x03, 0xF4, 'b', 'y', 'e'}, masked));
  stream.add(frame(Opcode::close, true, {}, masked));
  return stream;
}

std::size_t to_boundary(Scan& scan, std::span<const std::uint8_t> bytes) {
  return scan.scanner.scan_to_boundary(bytes,
                                       [&](const FrameHeader& header) { scan.headers.push_back(header); });
}

}  // namespace

TEST_CASE("a scan to the boundary stops exactly behind the frame that is on its way", "[frame_scanner]") {
  for (const bool masked : {true, false}) {
    const auto sender = masked ? Sender::client : Sender::origin;
    const auto stream = mixed_stream(masked);
    const std::span all(stream.bytes);
    for (std::size_t seen = 0; seen <= all.size(); ++seen) {
      CAPTURE(masked, seen);
      Scan scan(sender);
      scan.feed(all.first(seen));
      const auto end = stream.boundary(seen);
      REQUIRE(to_boundary(scan, all.subspan(seen)) == end - seen);
      REQUIRE(scan.scanner.at_boundary());
      Scan same(sender);
      same.feed(all.first(end));
      REQUIRE(scan.headers.size() == same.headers.size());
      REQUIRE(scan.scanner.close_seen() == same.scanner.close_seen());
      REQUIRE(scan.scanner.close_code() == same.scanner.close_code());
      REQUIRE(to_boundary(scan, all.subspan(end)) == 0);
    }
  }
}

TEST_CASE("a scan to the boundary goes on where the bytes were split", "[frame_scanner]") {
  for (const bool masked : {true, false}) {
    const auto stream = mixed_stream(masked);
    const std::span all(stream.bytes);
    for (std::size_t seen = 0; seen <= all.size(); ++seen) {
      const auto end = stream.boundary(seen);
      for (std::size_t split = seen; split <= end; ++split) {
        Scan scan(masked ? Sender::client : Sender::origin);
        scan.feed(all.first(seen));
        const auto first = to_boundary(scan, all.subspan(seen, split - seen));
        if (first != split - seen || scan.scanner.at_boundary() != (split == end))
          FAIL("differs from " << seen << " to " << split);
        if (to_boundary(scan, all.subspan(split)) != end - split || !scan.scanner.at_boundary())
          FAIL("differs from " << seen << " behind " << split);
      }
    }
  }
}

TEST_CASE("between the fragments of a message is a boundary", "[frame_scanner]") {
  Scan scan(Sender::origin);
  scan.feed(header(Opcode::text, false, 3, 7, false));
  Bytes rest{'a', 'b', 'c'};
  append(rest, frame(Opcode::continuation, true, {'d'}));
  CHECK(to_boundary(scan, rest) == 3);
  CHECK(scan.scanner.at_boundary());
  // The message is still open for a scanner that goes on.
  scan.feed(std::span(rest).subspan(3));
  CHECK_FALSE(scan.scanner.broken());
  CHECK(scan.headers.size() == 2);
}

TEST_CASE("at a boundary a scan to the boundary takes nothing", "[frame_scanner]") {
  Scan scan(Sender::origin);
  CHECK(to_boundary(scan, frame(Opcode::text, true, {1})) == 0);
  CHECK(to_boundary(scan, Bytes{0xFF, 0xFF}) == 0);
  CHECK(scan.headers.empty());
  CHECK_FALSE(scan.scanner.broken());
}

TEST_CASE("a scan to the boundary stops where the bytes break and then takes nothing", "[frame_scanner]") {
  const auto sound = frame(Opcode::text, true, {1});
  SECTION("in the first two bytes of a split header") {
    Scan scan(Sender::origin);
    scan.feed({0x83});
    Bytes rest{0x01};
    append(rest, sound);
    CHECK(to_boundary(scan, rest) == 1);
    CHECK(scan.scanner.broken());
    CHECK_FALSE(scan.scanner.at_boundary());
    CHECK(to_boundary(scan, sound) == 0);
  }
  SECTION("in the length") {
    auto bytes = header(Opcode::binary, true, ~0ULL, 64, false);
    Scan scan(Sender::origin);
    scan.feed({bytes[0]});
    append(bytes, sound);
    CHECK(to_boundary(scan, std::span(bytes).subspan(1)) == 9);
    CHECK(scan.scanner.broken());
    CHECK(scan.headers.empty());
  }
}

TEST_CASE("the payload of a huge frame has no boundary within reach", "[frame_scanner]") {
  Scan scan(Sender::origin);
  scan.feed(header(Opcode::binary, true, (1ULL << 63U) - 1, 64, false));
  CHECK(to_boundary(scan, Bytes(100000, 0)) == 100000);
  CHECK_FALSE(scan.scanner.at_boundary());
  CHECK(scan.scanner.payload_left() == (1ULL << 63U) - 1 - 100000);
}
