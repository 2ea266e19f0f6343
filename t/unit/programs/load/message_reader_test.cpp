#include "mod_wsflow/programs/load/message_reader.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace wsflow;
using namespace wsflow::load;
using namespace std::string_literals;

namespace {

// Writes down what it is told; pieces of a message become one.
struct Told : MessageListener {
  void on_data(ws::Opcode type, std::uint64_t offset, std::span<const std::uint8_t> bytes,
               bool last) override {
    REQUIRE(offset == message.size());
    message.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!last) return;
    events.push_back(std::string(ws::to_string(type)) + " " + message);
    message.clear();
  }
  void on_ping(std::span<const std::uint8_t> payload) override {
    events.push_back("ping " + std::string(reinterpret_cast<const char*>(payload.data()), payload.size()));
  }
  void on_close(std::uint16_t code, std::string_view reason) override {
    events.push_back("close " + std::to_string(code) + " " + std::string(reason));
  }
  std::string message;
  std::vector<std::string> events;
  bool whole = true;  // nothing broke
};

std::string frame(unsigned first, const std::string& payload) {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    out += "\x7E"s + static_cast<char>(payload.size() >> 8U) + static_cast<char>(payload.size() & 0xFFU);
  }
  return out + payload;
}

Told read(const std::string& stream, std::size_t chunk) {
  Told told;
  MessageReader reader;
  for (std::size_t at = 0; at < stream.size(); at += chunk) {
    const auto part = stream.substr(at, chunk);
    told.whole =
        reader.read({reinterpret_cast<const std::uint8_t*>(part.data()), part.size()}, told) && told.whole;
  }
  return told;
}

}  // namespace

TEST_CASE("messages, pings and the Close frame are told however they arrive", "[load]") {
  const auto large = std::string(300, 'x') + "end";
  const auto stream = frame(0x81, "hello") + frame(0x02, "in ") + frame(0x89, "p") + frame(0x80, "pieces") +
                      frame(0x89, "") + frame(0x8A, "pong") + frame(0x81, "") + frame(0x82, large) +
                      frame(0x88, "\x03\xF4"s + "gone") + frame(0x81, "never");
  const std::vector<std::string> expected{"text hello", "ping p",          "binary in pieces", "ping ",
                                          "text ",      "binary " + large, "close 1012 gone"};
  for (std::size_t chunk = 1; chunk <= stream.size(); chunk += chunk < 20 ? 1 : 37) {
    CAPTURE(chunk);
    const auto told = read(stream, chunk);
    CHECK(told.whole);
    CHECK(told.events == expected);
  }
}

TEST_CASE("a Close frame without a payload has the code 1005", "[load]") {
  CHECK(read(frame(0x88, ""), 1).events == std::vector<std::string>{"close 1005 "});
}

TEST_CASE("frames that break the protocol end the reading", "[load]") {
  for (const auto& bad : {frame(0x83, "reserved"), frame(0x80, "continues nothing"), "\x81\x85 mask"s,
                          frame(0xC1, "compressed"), frame(0x09, "a ping in pieces"), "\x89\x7E\x01\x00"s}) {
    for (const std::size_t chunk : {1U, 100U}) {
      const auto told = read(frame(0x81, "good") + bad + frame(0x81, "never"), chunk);
      CHECK_FALSE(told.whole);
      CHECK(told.events == std::vector<std::string>{"text good"});
    }
  }
}
