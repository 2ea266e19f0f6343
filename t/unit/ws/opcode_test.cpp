#include "mod_wsflow/ws/opcode.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <string_view>

using wsflow::ws::Opcode;

namespace {

struct Row {
  bool control;
  bool reserved;
  std::string_view name;
};

constexpr std::array<Row, 16> kRows{{
    {false, false, "continuation"},
    {false, false, "text"},
    {false, false, "binary"},
    {false, true, "reserved"},
    {false, true, "reserved"},
    {false, true, "reserved"},
    {false, true, "reserved"},
    {false, true, "reserved"},
    {true, false, "close"},
    {true, false, "ping"},
    {true, false, "pong"},
    {true, true, "reserved"},
    {true, true, "reserved"},
    {true, true, "reserved"},
    {true, true, "reserved"},
    {true, true, "reserved"},
}};

}  // namespace

TEST_CASE("each of the 16 opcodes has its class and name", "[opcode]") {
  for (std::size_t value = 0; value < kRows.size(); ++value) {
    CAPTURE(value);
    const auto opcode = static_cast<Opcode>(value);
    CHECK(is_control(opcode) == kRows[value].control);
    CHECK(is_reserved(opcode) == kRows[value].reserved);
    CHECK(to_string(opcode) == kRows[value].name);
  }
}
