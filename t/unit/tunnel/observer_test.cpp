#include "mod_wsflow/tunnel/observer.hpp"

#include <catch2/catch.hpp>

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
