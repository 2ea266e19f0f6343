#include "mod_wsflow/tunnel/frame_gate.hpp"

#include <catch2/catch.hpp>

#include "t/unit/support/frames.hpp"
#include "t/unit/support/process_slot.hpp"
#include "t/unit/support/sockets.hpp"

using namespace wsflow;
using base::Outcome;
using metrics::Direction;
using test::append;
using test::Bytes;
using test::frame;
using tunnel::FrameGate;
using tunnel::Options;
using ws::Opcode;

namespace {

const Bytes kName{'n', 'a', 'm', 'e', 'o', 'f', 'i', 't'};

// A gate that is fed in pieces, and the bytes that have passed it.
struct Rig {
  explicit Rig(const Options& asked = {}, Direction way = Direction::client_to_origin, bool extensions = true)
      : options(asked), direction(way), gate(direction, options, extensions, 0), observer(direction) {}

  bool masked() const { return direction == Direction::client_to_origin; }
  void expect_pong() {
    std::copy(kName.begin(), kName.end(), gate.ping.payload.begin());
    ++gate.ping.unanswered;
  }
  void feed(const Bytes& bytes) {
    if (verdict) return;
    Bytes buffer(FrameGate::kMaxHead + bytes.size());
    const auto held = gate.restore(buffer);
    std::copy(bytes.begin(), bytes.end(), buffer.begin() + static_cast<std::ptrdiff_t>(held));
    const auto result =
        gate.filter(std::span(buffer).first(held + bytes.size()), now, observer, process.recorder);
    passed.insert(passed.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(result.bytes));
    pongs += result.pongs;
    verdict = result.verdict;
  }
  void feed_in(std::size_t size, const Bytes& bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      const auto end = std::min(at + size, bytes.size());
      feed(Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(end)));
    }
  }
  std::optional<Outcome> feed_frame(Opcode opcode, bool fin, std::size_t size) {
    feed(frame(opcode, fin, test::pattern(size), masked()));
    return verdict;
  }

  Options options;
  Direction direction;
  test::CountedProcess process;
  FrameGate gate;
  tunnel::Observer observer;
  std::uint32_t now = 0;
  Bytes passed;
  unsigned pongs = 0;
  std::optional<Outcome> verdict;
};

Options limited(std::uint64_t frame_size, std::uint64_t message, std::uint32_t rate = 0,
                std::uint64_t bytes = 0, bool close = false) {
  Options options;
  options.messages[0] = {
      .frame = frame_size, .message = message, .rate = rate, .bytes = bytes, .close = close};
  options.messages[1] = options.messages[0];
  return options;
}

}  // namespace

TEST_CASE("our pong is taken out wherever it stands and however it is split", "[frame_gate]") {
  const auto direction = GENERATE(Direction::client_to_origin, Direction::origin_to_client);
  const auto piece = GENERATE(range(std::size_t{1}, std::size_t{40}));
  Rig rig({}, direction);
  const bool masked = rig.masked();
  Bytes kept;
  append(kept, frame(Opcode::text, false, test::pattern(10), masked));
  append(kept, frame(Opcode::pong, true, {}, masked));
  append(kept, frame(Opcode::pong, true, Bytes(8, 'x'), masked));
  append(kept, frame(Opcode::pong, true, Bytes(kName.begin(), kName.end() - 1), masked));
  Bytes said = kept;
  append(said, frame(Opcode::pong, true, kName, masked));
  const auto last = frame(Opcode::continuation, true, test::pattern(300), masked);
  append(said, last);
  append(kept, last);
  rig.expect_pong();
  rig.feed_in(piece, said);
  CHECK(rig.passed == kept);
  CHECK(rig.pongs == 1);
  CHECK(rig.gate.idle());
  CHECK(rig.observer.bytes() == kept.size());
  CHECK(rig.observer.messages() == 1);
}

TEST_CASE("a pong passes when none is expected, and the second one for one ping", "[frame_gate]") {
  Rig rig;
  const auto pong = frame(Opcode::pong, true, kName, true);
  rig.feed(pong);
  CHECK(rig.passed == pong);
  rig.expect_pong();
  rig.feed(pong);
  CHECK(rig.passed == pong);
  rig.feed(pong);
  CHECK(rig.passed.size() == 2 * pong.size());
  CHECK(rig.pongs == 1);
}

TEST_CASE("what is no WebSocket passes a gate that only waits for a pong", "[frame_gate]") {
  const auto piece = GENERATE(1, 3, 100);
  Rig rig;
  rig.expect_pong();
  Bytes bytes = frame(Opcode::pong, true, kName, false);  // a client must mask it
  append(bytes, test::pattern(50));
  rig.feed_in(static_cast<std::size_t>(piece), bytes);
  CHECK(rig.passed == bytes);
  CHECK(rig.observer.broken());
}

TEST_CASE("a frame or message that is too big is stopped before its first byte", "[frame_gate]") {
  const auto piece = GENERATE(std::size_t{1}, std::size_t{5}, std::size_t{100'000});
  Rig rig(limited(1000, 1500));
  const auto good = frame(Opcode::text, true, test::pattern(1000), true);
  rig.feed_in(piece, good);
  CHECK_FALSE(rig.verdict);
  SECTION("a frame") {
    rig.feed_in(piece, frame(Opcode::binary, true, test::pattern(1001), true));
    CHECK(rig.verdict == Outcome::too_big);
    CHECK(rig.passed == good);
  }
  SECTION("the last frame of a message, with a control frame in it") {
    Bytes begun = frame(Opcode::text, false, test::pattern(900), true);
    append(begun, frame(Opcode::ping, true, test::pattern(100), true));
    append(begun, frame(Opcode::continuation, false, test::pattern(600), true));
    rig.feed_in(piece, begun);
    CHECK_FALSE(rig.verdict);
    rig.feed_in(piece, frame(Opcode::continuation, true, test::pattern(1), true));
    CHECK(rig.verdict == Outcome::too_big);
    CHECK(rig.passed.size() == good.size() + begun.size());
  }
  SECTION("a length that no counter holds") {
    rig.feed_in(piece, test::header(Opcode::text, true, INT64_MAX, 64, true));
    CHECK(rig.verdict == Outcome::too_big);
    CHECK(rig.passed == good);
  }
  CHECK(rig.observer.at_boundary());
}

TEST_CASE("a direction with limits must be WebSocket", "[frame_gate]") {
  Rig rig(limited(1000, 0));
  rig.feed(frame(Opcode::text, true, {1}, false));
  CHECK(rig.verdict == Outcome::not_websocket);
  CHECK(rig.passed.empty());
}

TEST_CASE("strict stops what breaks RFC 6455", "[frame_gate]") {
  const auto piece = GENERATE(std::size_t{1}, std::size_t{1000});
  struct Case {
    const char* what;
    Bytes bytes;
  };
  const auto bad = GENERATE(values<Case>({
      {"a reserved opcode", {0x83, 0x80, 1, 2, 3, 4}},
      {"a fragmented ping", {0x09, 0x80, 1, 2, 3, 4}},
      {"an over-long ping", {0x89, 0xFE, 0, 126, 1, 2, 3, 4}},
      {"a length of 2^63", {0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}},
      {"an unmasked frame", {0x81, 0x00}},
      {"a continuation of nothing", {0x80, 0x80, 1, 2, 3, 4}},
      {"a reserved bit without an extension", {0xC1, 0x80, 1, 2, 3, 4}},
      {"a Close of one byte", {0x88, 0x81, 1, 2, 3, 4, 9}},
      {"a Close of 1005", {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xED}},
      {"a Close of 999, masked", {0x88, 0x82, 0x11, 0x22, 0, 0, 0x03 ^ 0x11, 0xE7 ^ 0x22}},
  }));
  INFO(bad.what);
  Options options;
  options.strict = true;
  Rig rig(options, Direction::client_to_origin, false);
  const auto good = frame(Opcode::text, true, test::pattern(20), true);
  rig.feed_in(piece, good);
  rig.feed_in(piece, bad.bytes);
  CHECK(rig.verdict == Outcome::not_websocket);
  CHECK(rig.passed == good);
}

TEST_CASE("strict passes what RFC 6455 allows", "[frame_gate]") {
  const auto piece = GENERATE(std::size_t{1}, std::size_t{1000});
  Options options;
  options.strict = true;
  Rig rig(options, Direction::client_to_origin, true);
  Bytes bytes{0xC1, 0x80, 1, 2, 3, 4};  // the bit is an extension's
  append(bytes, frame(Opcode::text, false, {}, true));
  append(bytes, frame(Opcode::ping, true, test::pattern(125), true));
  append(bytes, frame(Opcode::continuation, true, test::pattern(300), true));
  append(bytes, frame(Opcode::close, true, {0x0F, 0xA0, 'x'}, true));
  append(bytes, frame(Opcode::close, true, {}, true));
  rig.feed_in(piece, bytes);
  CHECK_FALSE(rig.verdict);
  CHECK(rig.passed == bytes);
}

TEST_CASE("several pings are answered one by one, or by the last alone", "[frame_gate]") {
  Rig rig;
  rig.expect_pong();
  auto name = kName;
  const auto next = [&] {
    ++name.back();
    ++rig.gate.ping.payload.back();
    ++rig.gate.ping.unanswered;
  };
  next();
  next();
  const auto answer = [&](int before) {
    auto payload = name;
    payload.back() = static_cast<std::uint8_t>(payload.back() - before);
    rig.feed(frame(Opcode::pong, true, payload, true));
  };
  SECTION("each") {
    for (const int before : {2, 1, 0}) {
      CHECK_FALSE(rig.gate.idle());
      answer(before);
    }
    CHECK(rig.pongs == 3);
  }
  SECTION("the last") {
    answer(0);
    CHECK(rig.pongs == 1);
  }
  CHECK(rig.gate.idle());
  CHECK(rig.passed.empty());
}

TEST_CASE("a pong that answers none of our pings is the peer's own", "[frame_gate]") {
  Rig rig;
  rig.expect_pong();
  auto other = kName;
  ++other.back();
  const auto pong = frame(Opcode::pong, true, other, true);
  rig.feed(pong);
  CHECK(rig.pongs == 0);
  CHECK(rig.passed == pong);
}

TEST_CASE("messages beyond the rate slow their sender down, or end it", "[frame_gate]") {
  const bool close = GENERATE(false, true);
  Rig rig(limited(0, 0, 2, 0, close));
  CHECK_FALSE(rig.feed_frame(Opcode::text, false, 5));
  CHECK_FALSE(rig.feed_frame(Opcode::continuation, true, 5));
  CHECK(rig.gate.room(rig.now, 0) > 0);
  CHECK_FALSE(rig.feed_frame(Opcode::text, true, 5));
  if (close) {
    CHECK(rig.gate.wait(rig.now) == 0);
    CHECK(rig.feed_frame(Opcode::text, true, 5) == Outcome::too_fast);
    return;
  }
  CHECK(rig.gate.room(rig.now, 0) == 0);
  const auto wait = rig.gate.wait(rig.now);
  CHECK(wait == 500);
  CHECK(rig.gate.room(wait - 1, 0) == 0);
  CHECK(rig.gate.room(wait, 0) > 0);
}

TEST_CASE("what a peer can flood with counts as a message", "[frame_gate]") {
  const bool close = GENERATE(false, true);
  const auto way = GENERATE(Direction::client_to_origin, Direction::origin_to_client);
  Options options;
  options.messages[static_cast<std::size_t>(way)] = {.rate = 2, .close = close};
  Rig rig(options, way);
  const auto beyond = [&] {
    return close ? rig.verdict == Outcome::too_fast : rig.gate.room(rig.now, 0) == 0;
  };
  SECTION("pings and pongs") {
    rig.feed_frame(Opcode::ping, true, 0);
    rig.feed_frame(Opcode::pong, true, 5);
    if (close) rig.feed_frame(Opcode::ping, true, 5);
  }
  SECTION("empty parts of a message") {
    rig.feed_frame(Opcode::text, false, 5);
    rig.feed_frame(Opcode::continuation, false, 0);
    if (close) rig.feed_frame(Opcode::continuation, false, 0);
  }
  SECTION("Close frames behind the first one") {
    rig.feed_frame(Opcode::close, true, 2);
    rig.feed_frame(Opcode::close, true, 2);
    rig.feed_frame(Opcode::close, true, 2);
    if (close) rig.feed_frame(Opcode::close, true, 2);
  }
  CHECK(beyond());
}

TEST_CASE("what nobody floods with does not count as a message", "[frame_gate]") {
  const bool close = GENERATE(false, true);
  Rig rig(limited(0, 0, 2, 0, close));
  rig.expect_pong();
  rig.feed(frame(Opcode::pong, true, kName, true));  // an answer to a ping of ours
  rig.feed_frame(Opcode::text, false, 5);
  for (int i = 0; i < 10; ++i) rig.feed_frame(Opcode::continuation, false, 1024);
  rig.feed_frame(Opcode::continuation, true, 5);
  rig.feed_frame(Opcode::close, true, 2);
  CHECK_FALSE(rig.verdict);
  CHECK(rig.gate.room(rig.now, 0) == (close ? SIZE_MAX : 64));
}

TEST_CASE("the rest of a message is read, however many there were", "[frame_gate]") {
  Rig rig(limited(0, 0, 3));
  CHECK(rig.gate.room(0, 0) == 3 * 64);
  for (int i = 0; i < 5; ++i) rig.feed_frame(Opcode::text, true, 5);
  CHECK(rig.gate.room(0, 0) == 0);
  CHECK(rig.gate.room(0, 1000) == 1000);
}

TEST_CASE("bytes beyond the rate slow their sender down, or end it", "[frame_gate]") {
  const bool close = GENERATE(false, true);
  Rig rig(limited(0, 0, 0, 1000, close));
  if (close) {
    CHECK_FALSE(rig.feed_frame(Opcode::binary, true, 900));
    CHECK(rig.feed_frame(Opcode::binary, true, 900) == Outcome::too_fast);
    return;
  }
  CHECK(rig.gate.room(0, 0) == 1000);
  CHECK_FALSE(rig.feed_frame(Opcode::binary, true, 1992));  // with its header: 2000 bytes
  CHECK(rig.gate.room(0, 0) == 0);
  CHECK(rig.gate.wait(0) == 1100);
  CHECK(rig.gate.room(1500, 0) == 500);
  CHECK(rig.gate.room(1'000'000, 0) == 1000);
}
