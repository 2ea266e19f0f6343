#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "mod_wsflow/ws/frame_scanner.hpp"
#include "t/unit/support/frames.hpp"

using namespace wsflow::ws;
using wsflow::test::append;
using wsflow::test::Bytes;
using wsflow::test::frame;
using wsflow::test::header;
using wsflow::test::Scan;

namespace {

// All visible results of a scan.
std::string story(const Scan& scan) {
  std::string out;
  for (const FrameHeader& header : scan.headers) {
    out += std::string(to_string(header.opcode)) + (header.fin ? "." : "+") + std::to_string(header.rsv) +
           (header.masked ? "m" : "p") + std::to_string(header.payload_length) + " ";
  }
  out += "left " + std::to_string(scan.scanner.payload_left());
  out += scan.scanner.at_boundary() ? " boundary" : " inside";
  out += scan.scanner.broken() ? " broken" : " sound";
  if (scan.scanner.close_seen()) out += " close " + std::to_string(scan.scanner.close_code());
  return out;
}

std::string story_of_chunks(Sender sender, const Bytes& bytes, std::size_t size) {
  Scan scan(sender);
  const std::span all(bytes);
  for (std::size_t at = 0; at < all.size(); at += size) {
    scan.feed(all.subspan(at, std::min(size, all.size() - at)));
  }
  return story(scan);
}

std::string story_of_split(Sender sender, const Bytes& bytes, std::size_t first, std::size_t second) {
  Scan scan(sender);
  const std::span all(bytes);
  scan.feed(all.first(first));
  scan.feed(all.subspan(first, second - first));
  scan.feed(all.subspan(second));
  return story(scan);
}

Bytes mixed_stream(bool masked) {
  Bytes out;
  append(out, frame(Opcode::text, true, Bytes(5, 'a'), masked));
  append(out, frame(Opcode::binary, false, Bytes(126, 0xFF), masked));
  append(out, frame(Opcode::ping, true, Bytes(3, 'p'), masked));
  append(out, frame(Opcode::continuation, false, {}, masked));
  append(out, frame(Opcode::pong, true, {}, masked));
  append(out, frame(Opcode::continuation, true, Bytes(130, 0x81), masked));
  append(out, header(Opcode::binary, true, 6, 64, masked));
  append(out, Bytes(6, 0x88));
  append(out, header(Opcode::text, true, 2, 16, masked));
  append(out, Bytes(2, 0x88));
  append(out, frame(Opcode::text, true, {}, masked));
  append(out, frame(Opcode::close, true, {0x03, 0xF4, 'r', 'e', 's', 't', 'a', 'r', 't'}, masked));
  return out;
}

void check_every_split(Sender sender, const Bytes& bytes, const std::string& expected) {
  REQUIRE(story_of_chunks(sender, bytes, bytes.size()) == expected);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    if (story_of_chunks(sender, bytes, size) != expected) FAIL("differs in chunks of " << size);
  }
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      if (story_of_split(sender, bytes, first, second) != expected) {
        FAIL("differs when split at " << first << " and " << second);
      }
    }
  }
}

}  // namespace

TEST_CASE("however a mixed stream is split, the same is seen", "[frame_scanner]") {
  for (const bool masked : {true, false}) {
    const std::string mark = masked ? "m" : "p";
    const std::string expected = "text.0" + mark + "5 binary+0" + mark + "126 ping.0" + mark +
                                 "3 continuation+0" + mark + "0 pong.0" + mark + "0 continuation.0" + mark +
                                 "130 binary.0" + mark + "6 text.0" + mark + "2 text.0" + mark + "0 close.0" +
                                 mark + "9 left 0 boundary sound close 1012";
    check_every_split(masked ? Sender::client : Sender::origin, mixed_stream(masked), expected);
  }
}

TEST_CASE("however a broken stream is split, it breaks at the same frame", "[frame_scanner]") {
  Bytes bytes = frame(Opcode::text, true, Bytes(3, 'a'));
  append(bytes, frame(Opcode::close, true, {0x03, 0xE8}));
  append(bytes, header(Opcode::binary, true, ~0ULL, 64, false));
  append(bytes, mixed_stream(false));
  check_every_split(Sender::origin, bytes, "text.0p3 close.0p2 left 0 inside broken close 1000");
}

TEST_CASE("however a stream is split, its end may be inside a payload", "[frame_scanner]") {
  Bytes bytes = frame(Opcode::ping, true, Bytes(4, 'p'), true);
  append(bytes, header(Opcode::binary, true, 100000, 64, true));
  append(bytes, Bytes(60, 'x'));
  check_every_split(Sender::client, bytes, "ping.0m4 binary.0m100000 left 99940 inside sound");
}
