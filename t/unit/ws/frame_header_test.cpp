#include "mod_wsflow/ws/frame_header.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "mod_wsflow/ws/frame_scanner.hpp"

using namespace wsflow::ws;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes close_frame(std::uint16_t code, std::string_view reason, const std::uint32_t* key = nullptr) {
  Bytes out(kMaxCloseSize);
  out.resize(encode_close(out, code, reason, key));
  return out;
}

}  // namespace

TEST_CASE("a Close frame towards the client is not masked", "[frame_header]") {
  CHECK(close_frame(1001, "") == Bytes{0x88, 2, 0x03, 0xE9});
  CHECK(close_frame(1001, "bye") == Bytes{0x88, 5, 0x03, 0xE9, 'b', 'y', 'e'});
}

TEST_CASE("a Close frame towards the origin is masked with the key", "[frame_header]") {
  const std::uint32_t key = 0x01020304;
  CHECK(close_frame(1001, "bye", &key) ==
        Bytes{0x88, 0x85, 1, 2, 3, 4, 0x03 ^ 1, 0xE9 ^ 2, 'b' ^ 3, 'y' ^ 4, 'e' ^ 1});
}

TEST_CASE("a code that must not be sent gives a Close frame without payload", "[frame_header]") {
  const std::uint32_t key = 0xAABBCCDD;
  for (const std::uint16_t code :
       std::initializer_list<std::uint16_t>{0, 999, 1004, 1005, 1006, 1015, 2999, 5000}) {
    CAPTURE(code);
    CHECK(close_frame(code, "reason") == Bytes{0x88, 0});
    CHECK(close_frame(code, "reason", &key) == Bytes{0x88, 0x80, 0xAA, 0xBB, 0xCC, 0xDD});
  }
}

TEST_CASE("a reason that is too long is cut at a character", "[frame_header]") {
  CHECK(close_frame(1000, std::string(123, 'x')).size() == 127);
  CHECK(close_frame(1000, std::string(124, 'x')).size() == 127);

  const std::string fits = std::string(121, 'x') + "\xC3\xA9";
  CHECK(close_frame(1000, fits).size() == 127);
  const std::string two_bytes = std::string(122, 'x') + "\xC3\xA9";
  CHECK(close_frame(1000, two_bytes).size() == 126);
  const std::string four_bytes = std::string(120, 'x') + "\xF0\x9F\x98\x80";
  CHECK(close_frame(1000, four_bytes).size() == 124);
  CHECK(close_frame(1000, std::string(200, '\x80')).size() == 4);
}

TEST_CASE("a span that is too small gets nothing", "[frame_header]") {
  std::array<std::uint8_t, 8> out{};
  const std::uint32_t key = 7;
  CHECK(encode_close(std::span(out).first(4), 1000, "", nullptr) == 4);
  out.fill(0xEE);
  CHECK(encode_close(std::span(out).first(3), 1000, "", nullptr) == 0);
  CHECK(encode_close(std::span(out).first(7), 1000, "", &key) == 0);
  CHECK(encode_close(std::span(out).first(0), 1005, "", nullptr) == 0);
  CHECK(out == std::array<std::uint8_t, 8>{0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE});
}

TEST_CASE("what is encoded is scanned as one whole Close frame", "[frame_header]") {
  const std::uint32_t key = 0xDEADBEEF;
  const auto scanned_code = [](Sender sender, const Bytes& bytes) {
    FrameScanner scanner(sender);
    int frames = 0;
    scanner.scan(bytes,
                 [&](const FrameHeader& header) { frames += header.opcode == Opcode::close ? 1 : 100; });
    CHECK(frames == 1);
    CHECK(scanner.at_boundary());
    REQUIRE(scanner.close_seen());
    return scanner.close_code();
  };
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1000, 1012, 3000, 4999}) {
    CHECK(scanned_code(Sender::client, close_frame(code, "why", &key)) == code);
    CHECK(scanned_code(Sender::origin, close_frame(code, "why")) == code);
  }
  CHECK(scanned_code(Sender::client, close_frame(1006, "why", &key)) == 1005);
}
