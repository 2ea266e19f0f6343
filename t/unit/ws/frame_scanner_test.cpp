#include "mod_wsflow/ws/frame_scanner.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <numeric>
#include <vector>

#include "t/unit/support/frames.hpp"

using namespace wsflow::ws;
using wsflow::test::Bytes;
using wsflow::test::frame;
using wsflow::test::header;
using wsflow::test::Scan;

namespace {

constexpr std::uint64_t kLengths[] = {
    0, 1, 125, 126, 127, 32767, 32768, 65535, 65536, 1U << 31U, (1ULL << 63U) - 1};

}  // namespace

TEST_CASE("every opcode is passed or judged broken", "[frame_scanner]") {
  for (unsigned value = 0; value < 16; ++value) {
    CAPTURE(value);
    const auto opcode = static_cast<Opcode>(value);
    Scan scan(Sender::origin);
    if (opcode == Opcode::continuation) scan.feed(frame(Opcode::text, false, {}));
    const std::size_t before = scan.headers.size();
    scan.feed(frame(opcode, true, {1, 2, 3}));
    CHECK(scan.scanner.broken() == is_reserved(opcode));
    CHECK(scan.scanner.at_boundary() == !is_reserved(opcode));
    REQUIRE(scan.headers.size() == before + (is_reserved(opcode) ? 0 : 1));
    if (!is_reserved(opcode)) {
      CHECK(scan.headers.back().opcode == opcode);
      CHECK(scan.headers.back().fin);
      CHECK(scan.headers.back().payload_length == 3);
    }
  }
}

TEST_CASE("all lengths are read, in as many bytes as needed or more", "[frame_scanner]") {
  for (const Sender sender : {Sender::client, Sender::origin}) {
    for (const std::uint64_t length : kLengths) {
      for (const int width : {7, 16, 64}) {
        if ((width == 7 && length > 125) || (width == 16 && length > 65535)) continue;
        CAPTURE(sender == Sender::client, length, width);
        Scan scan(sender);
        scan.feed(header(Opcode::binary, true, length, width, sender == Sender::client));
        REQUIRE(scan.headers.size() == 1);
        CHECK(scan.headers[0].payload_length == length);
        CHECK(scan.headers[0].masked == (sender == Sender::client));
        CHECK(scan.scanner.payload_left() == length);
        CHECK(scan.scanner.at_boundary() == (length == 0));
        CHECK_FALSE(scan.scanner.broken());
      }
    }
  }
}

TEST_CASE("a length with its top bit set is broken", "[frame_scanner]") {
  for (const std::uint64_t length : {1ULL << 63U, (1ULL << 63U) + 5, ~0ULL}) {
    Scan scan(Sender::origin);
    scan.feed(header(Opcode::binary, true, length, 64, false));
    CHECK(scan.scanner.broken());
    CHECK(scan.headers.empty());
    CHECK(scan.scanner.payload_left() == 0);
  }
}

TEST_CASE("a payload is skipped to its last byte and no further", "[frame_scanner]") {
  for (const std::uint64_t length : {1ULL, 125ULL, 126ULL, 65535ULL, 65536ULL, 70000ULL}) {
    CAPTURE(length);
    Scan scan(Sender::origin);
    scan.feed(header(Opcode::binary, true, length, 64, false));
    scan.feed(Bytes(length - 1, 0xFF));
    CHECK(scan.scanner.payload_left() == 1);
    CHECK_FALSE(scan.scanner.at_boundary());
    scan.feed({0xFF});
    CHECK(scan.scanner.at_boundary());
    scan.feed(frame(Opcode::ping, true, {}));
    REQUIRE(scan.headers.size() == 2);
    CHECK(scan.headers[1].opcode == Opcode::ping);
  }
}

TEST_CASE("the payload of a huge frame is counted down", "[frame_scanner]") {
  Scan scan(Sender::origin);
  scan.feed(header(Opcode::binary, true, (1ULL << 63U) - 1, 64, false));
  scan.feed(Bytes(100000, 0));
  CHECK(scan.scanner.payload_left() == (1ULL << 63U) - 1 - 100000);
}

TEST_CASE("a wrong mask bit is broken", "[frame_scanner]") {
  for (const bool masked : {false, true}) {
    Scan client(Sender::client);
    client.feed(header(Opcode::text, true, 5, 7, masked));
    CHECK(client.scanner.broken() == !masked);
    Scan origin(Sender::origin);
    origin.feed(header(Opcode::text, true, 5, 7, masked));
    CHECK(origin.scanner.broken() == masked);
  }
}

TEST_CASE("control frames are whole and short", "[frame_scanner]") {
  for (const Opcode opcode : {Opcode::close, Opcode::ping, Opcode::pong}) {
    CAPTURE(to_string(opcode));
    const auto broken = [&](bool fin, std::uint64_t length, int width) {
      Scan scan(Sender::client);
      scan.feed(header(opcode, fin, length, width, true));
      CHECK(scan.headers.size() == (scan.scanner.broken() ? 0 : 1));
      return scan.scanner.broken();
    };
    CHECK_FALSE(broken(true, 0, 7));
    CHECK_FALSE(broken(true, 125, 7));
    CHECK(broken(true, 126, 16));
    CHECK(broken(true, 127, 16));
    CHECK(broken(true, 125, 16));
    CHECK(broken(true, 125, 64));
    CHECK(broken(false, 0, 7));
  }
}

TEST_CASE("RSV bits are reported and never an error", "[frame_scanner]") {
  for (std::uint8_t rsv = 0; rsv < 8; ++rsv) {
    for (const Opcode opcode : {Opcode::text, Opcode::ping, Opcode::close}) {
      Bytes bytes = frame(opcode, true, {});
      bytes[0] = static_cast<std::uint8_t>(bytes[0] | rsv << 4U);
      Scan scan(Sender::origin);
      scan.feed(bytes);
      REQUIRE(scan.headers.size() == 1);
      CHECK(scan.headers[0].rsv == rsv);
      CHECK(scan.scanner.at_boundary());
    }
  }
}

TEST_CASE("fragments may have control frames between them", "[frame_scanner]") {
  Scan scan(Sender::origin);
  scan.feed(frame(Opcode::text, false, {1}));
  scan.feed(frame(Opcode::ping, true, {2, 2}));
  scan.feed(frame(Opcode::continuation, false, {}));
  scan.feed(frame(Opcode::pong, true, {}));
  scan.feed(frame(Opcode::continuation, true, {3}));
  scan.feed(frame(Opcode::binary, true, {4}));
  CHECK(scan.headers.size() == 6);
  CHECK(scan.messages == 2);
  CHECK(scan.scanner.at_boundary());
}

TEST_CASE("a continuation needs a message, and a message its end", "[frame_scanner]") {
  SECTION("continuation without a start") {
    for (const bool fin : {false, true}) {
      Scan scan(Sender::origin);
      scan.feed(frame(Opcode::continuation, fin, {1}));
      CHECK(scan.scanner.broken());
    }
  }
  SECTION("continuation after the end") {
    Scan scan(Sender::origin);
    scan.feed(frame(Opcode::text, false, {1}));
    scan.feed(frame(Opcode::continuation, true, {1}));
    CHECK_FALSE(scan.scanner.broken());
    scan.feed(frame(Opcode::continuation, true, {1}));
    CHECK(scan.scanner.broken());
  }
  SECTION("a new message inside a fragmented one") {
    for (const Opcode opcode : {Opcode::text, Opcode::binary}) {
      Scan scan(Sender::origin);
      scan.feed(frame(Opcode::binary, false, {1}));
      scan.feed(frame(opcode, true, {1}));
      CHECK(scan.scanner.broken());
      CHECK(scan.headers.size() == 1);
    }
  }
}

TEST_CASE("once broken it stops judging for good", "[frame_scanner]") {
  Scan scan(Sender::origin);
  scan.feed(frame(Opcode::text, true, {1}));
  scan.feed({0x83});
  CHECK_FALSE(scan.scanner.broken());
  scan.feed({0x00});
  CHECK(scan.scanner.broken());
  scan.feed(frame(Opcode::text, true, {1}));
  scan.feed(frame(Opcode::close, true, {0x03, 0xE8}));
  CHECK(scan.headers.size() == 1);
  CHECK(scan.scanner.broken());
  CHECK_FALSE(scan.scanner.at_boundary());
  CHECK_FALSE(scan.scanner.close_seen());
}

TEST_CASE("the first two bytes of a header are judged before the rest is there", "[frame_scanner]") {
  Scan whole(Sender::client);
  whole.feed({0x83, 0xFF});
  CHECK(whole.scanner.broken());
  Scan split(Sender::client);
  split.feed({0x83});
  split.feed({0xFF});
  CHECK(split.scanner.broken());
}

TEST_CASE("a begun header is no boundary", "[frame_scanner]") {
  const Bytes bytes = header(Opcode::binary, true, 0, 64, true);
  Scan scan(Sender::client);
  CHECK(scan.scanner.at_boundary());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    scan.feed({bytes[i]});
    CHECK(scan.scanner.at_boundary() == (i + 1 == bytes.size()));
  }
  scan.feed({});
  CHECK(scan.scanner.at_boundary());
}

TEST_CASE("the code of a Close frame is read, masked or not", "[frame_scanner]") {
  struct Row {
    Bytes payload;
    std::uint16_t code;
  };
  Bytes longest(125, 'x');
  longest[0] = 0x0F;
  longest[1] = 0xA1;
  const Row rows[] = {
      {{}, 1005}, {{0x03}, 1005}, {{0x03, 0xE8}, 1000}, {{0x03, 0xEE}, 1006}, {longest, 4001}};
  for (const Row& row : rows) {
    for (const Sender sender : {Sender::client, Sender::origin}) {
      CAPTURE(row.payload.size(), sender == Sender::client);
      const Bytes bytes = frame(Opcode::close, true, row.payload, sender == Sender::client);
      Scan whole(sender);
      whole.feed(bytes);
      REQUIRE(whole.scanner.close_seen());
      CHECK(whole.scanner.close_code() == row.code);
      CHECK(whole.scanner.at_boundary());

      Scan single(sender);
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        CHECK_FALSE(single.scanner.close_seen());
        single.feed({bytes[i]});
      }
      REQUIRE(single.scanner.close_seen());
      CHECK(single.scanner.close_code() == row.code);
    }
  }
}

TEST_CASE("the first Close frame is the one that counts", "[frame_scanner]") {
  Scan scan(Sender::client);
  scan.feed(frame(Opcode::close, true, {0x03, 0xE9, 'a'}, true));
  scan.feed(frame(Opcode::close, true, {0x03, 0xF3, 'b'}, true));
  CHECK(scan.headers.size() == 2);
  CHECK(scan.scanner.close_code() == 1001);
  CHECK(scan.scanner.at_boundary());
  scan.feed({0x0F, 0x00});
  CHECK(scan.scanner.broken());
  CHECK(scan.scanner.close_seen());
}

TEST_CASE("a first Close frame without a code is not given that of the second", "[frame_scanner]") {
  for (const Bytes& payload : {Bytes{}, Bytes{0x03}}) {
    Scan scan(Sender::origin);
    scan.feed(frame(Opcode::close, true, payload));
    scan.feed(frame(Opcode::close, true, {0x03, 0xF3}));
    CHECK(scan.scanner.close_code() == 1005);
    CHECK(scan.scanner.at_boundary());
  }
}

TEST_CASE("in the callback the scanner is behind the header", "[frame_scanner]") {
  FrameScanner scanner(Sender::origin);
  std::vector<std::uint64_t> left;
  scanner.scan(frame(Opcode::text, true, {1, 2, 3}), [&](const FrameHeader&) {
    left.push_back(scanner.payload_left());
    CHECK_FALSE(scanner.at_boundary());
  });
  scanner.scan(frame(Opcode::close, true, {}), [&](const FrameHeader&) {
    left.push_back(scanner.payload_left());
    CHECK(scanner.close_seen());
  });
  CHECK(left == std::vector<std::uint64_t>{3, 0});
}
