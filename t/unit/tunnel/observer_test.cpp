#include "mod_wsflow/tunnel/observer.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "t/unit/support/process_slot.hpp"
#include "t/unit/support/sockets.hpp"

using namespace wsflow;
using namespace wsflow::metrics;
using test::Bytes;
using test::frame;
using ws::Opcode;

namespace {

Bytes conversation(bool masked) {
  Bytes bytes;
  test::append(bytes, frame(Opcode::text, false, test::bytes_of("He"), masked));
  test::append(bytes, frame(Opcode::ping, true, {}, masked));
  test::append(bytes, frame(Opcode::continuation, true, test::bytes_of("llo"), masked));
  test::append(bytes, frame(Opcode::binary, true, test::pattern(300), masked));
  test::append(bytes, frame(Opcode::pong, true, {}, masked));
  test::append(bytes, frame(Opcode::close, true, {0x03, 0xE9}, masked));
  return bytes;
}

}  // namespace

TEST_CASE("what passes is counted once, for the tunnel and for the process, however it is split",
          "[observer]") {
  const auto direction = GENERATE(Direction::client_to_origin, Direction::origin_to_client);
  const std::size_t chunk = GENERATE(1U, 7U, 10000U);
  const auto other =
      direction == Direction::client_to_origin ? Direction::origin_to_client : Direction::client_to_origin;
  const auto bytes = conversation(direction == Direction::client_to_origin);
  test::CountedProcess process;
  tunnel::Observer observer(direction);
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    CHECK_FALSE(observer.close_seen());
    observer.see(std::span(bytes).subspan(at, std::min(chunk, bytes.size() - at)), process.recorder);
  }
  CHECK(observer.bytes() == bytes.size());
  CHECK(observer.messages() == 2);
  CHECK(observer.frames() == 6);
  CHECK(observer.close_seen());
  CHECK(observer.close_code() == 1001);
  CHECK(observer.at_boundary());
  CHECK(process.count(kBytes(direction)) == bytes.size());
  CHECK(process.count(kMessages(direction)) == 2);
  for (std::size_t i = 0; i < kOpcodeClasses; ++i) {
    const auto opcode = static_cast<OpcodeClass>(i);
    CHECK(process.count(kFrames(direction, opcode)) == (opcode == OpcodeClass::reserved ? 0 : 1));
    CHECK(process.count(kFrames(other, opcode)) == 0);
  }
  CHECK(process.count(kCloses(direction, close_class(1001))) == 1);
  CHECK(process.count(kNotWebSocket) == 0);
}

TEST_CASE("messages that come whole are counted as those that come in pieces", "[observer]") {
  const auto direction = GENERATE(Direction::client_to_origin, Direction::origin_to_client);
  const bool masked = direction == Direction::client_to_origin;
  const auto text = [&](std::size_t size, bool fin = true) {
    return frame(Opcode::text, fin, test::pattern(size), masked);
  };
  auto compressed = text(20);
  compressed[0] |= 0x40;  // RSV1
  std::vector<Bytes> reads{text(0), text(125), text(126), text(65535), text(65536), compressed};
  reads.push_back(frame(Opcode::binary, true, test::pattern(300), masked));
  reads.push_back(text(9, false));
  reads.push_back(frame(Opcode::ping, true, test::pattern(4), masked));
  reads.push_back(frame(Opcode::continuation, true, test::pattern(4), masked));
  reads.push_back(text(7));
  test::append(reads.back(), text(200));
  test::append(reads.back(), frame(Opcode::pong, true, {}, masked));
  test::append(reads.back(), text(3));
  SECTION("obeying RFC 6455") {}
  SECTION("with a mask where none belongs, or none where one belongs") {
    reads.push_back(frame(Opcode::text, true, test::pattern(4), !masked));
  }
  SECTION("with a length beyond all bounds") {
    reads.push_back({0x81, static_cast<std::uint8_t>(masked ? 0xFF : 0x7F), 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                     0xFF, 0xFF, 0xFF, 0, 0, 0, 0});
  }
  SECTION("with a message inside another") {
    reads.push_back(text(9, false));
    reads.push_back(text(9));
  }
  SECTION("with a Close frame, and more behind it") {
    reads.push_back(frame(Opcode::close, true, {0x03, 0xE9}, masked));
    reads.push_back(text(1));
  }
  reads.push_back(text(5));
  test::CountedProcess fast;
  test::CountedProcess slow;
  tunnel::Observer whole(direction);
  tunnel::Observer split(direction);
  for (const auto& read : reads) {
    whole.see(read, fast.recorder);
    for (const auto byte : read) split.see({&byte, 1}, slow.recorder);
    REQUIRE(whole.bytes() == split.bytes());
    REQUIRE(whole.messages() == split.messages());
    REQUIRE(whole.frames() == split.frames());
    REQUIRE(whole.broken() == split.broken());
    REQUIRE(whole.close_seen() == split.close_seen());
    REQUIRE(whole.at_boundary() == split.at_boundary());
    REQUIRE(whole.payload_left() == split.payload_left());
  }
  for (std::size_t i = 0; i < shm::kCounterCapacity; ++i)
    CHECK(fast.slot.counters[i] == slow.slot.counters[i]);
}

TEST_CASE("bytes that are no WebSocket are counted, and the direction once", "[observer]") {
  test::CountedProcess process;
  tunnel::Observer observer(Direction::client_to_origin);
  const auto text = test::bytes_of("GET / HTTP/1.1\r\n\r\n");
  observer.see(text, process.recorder);
  observer.see(text, process.recorder);
  CHECK(observer.bytes() == 2 * text.size());
  CHECK_FALSE(observer.at_boundary());
  CHECK(process.count(kNotWebSocket) == 1);
  CHECK(process.count(kBytes(Direction::client_to_origin)) == 2 * text.size());
}

TEST_CASE("a second Close frame is a frame and not another close", "[observer]") {
  test::CountedProcess process;
  tunnel::Observer observer(Direction::origin_to_client);
  observer.see(frame(Opcode::close, true, {0x03, 0xE8}), process.recorder);
  observer.see(frame(Opcode::close, true, {0x03, 0xE9}), process.recorder);
  CHECK(observer.close_code() == 1000);
  CHECK(process.count(kCloses(Direction::origin_to_client, close_class(1000))) == 1);
  CHECK(process.count(kCloses(Direction::origin_to_client, close_class(1001))) == 0);
}
