#include "mod_wsflow/programs/load/message_text.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "mod_wsflow/ws/frame_header.hpp"

using namespace wsflow;
using namespace wsflow::load;

TEST_CASE("a payload has its size, is the same each time, and no two parts of it are alike", "[load]") {
  for (const bool binary : {false, true}) {
    const auto payload = make_payload(4096, binary);
    CHECK(payload.size() == 4096);
    CHECK(payload == make_payload(4096, binary));
    CHECK(payload.substr(0, 64) != payload.substr(64, 64));
    CHECK(payload.find(payload.substr(1000, 16)) == 1000);
  }
  const auto text = make_payload(4096, false);
  CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= 'z'; }));
  CHECK(make_payload(0, true).empty());
}

TEST_CASE("a frame has its length in as few bytes as it may, and a mask that gives the payload back",
          "[load]") {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U}) {
    CAPTURE(size);
    const auto payload = make_payload(size, true);
    const auto frame = client_frame(ws::Opcode::binary, payload);
    const auto* head = reinterpret_cast<const std::uint8_t*>(frame.data());
    const auto header = ws::read_header(head);
    CHECK(header.fin);
    CHECK(header.masked);
    CHECK(header.opcode == ws::Opcode::binary);
    CHECK(header.payload_length == size);
    const auto begin = ws::header_size(head[1]);
    CHECK(begin == (size < 126 ? 6U : size < 65536 ? 8U : 14U));
    REQUIRE(frame.size() == begin + size);
    std::string plain;
    for (std::size_t i = 0; i < size; ++i)
      plain += static_cast<char>(head[begin + i] ^ head[begin - 4 + i % 4]);
    CHECK(plain == payload);
  }
}
