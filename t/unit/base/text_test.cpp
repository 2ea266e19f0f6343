#include "mod_wsflow/base/text.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>

using wsflow::base::Text;

TEST_CASE("text and numbers are put together in order", "[text]") {
  Text<64> text;
  text << "tunnels: " << 12U << ", delta " << -3 << ", most " << std::numeric_limits<std::uint64_t>::max();
  CHECK(text.view() == "tunnels: 12, delta -3, most 18446744073709551615");
}

TEST_CASE("an empty text has an empty view", "[text]") {
  CHECK(Text<8>{}.view().empty());
}

TEST_CASE("a text that does not fit is cut", "[text]") {
  Text<5> text;
  text << "abc"
       << "defgh"
       << "i";
  CHECK(text.view() == "abcde");
}

TEST_CASE("a number that does not fit is left out whole, never written in part", "[text]") {
  Text<5> text;
  text << "abc" << 12345;
  CHECK(text.view() == "abc");
  text << 12;
  CHECK(text.view() == "abc12");
}

TEST_CASE("an id is sixteen hexadecimal digits", "[text]") {
  const auto id = [](std::uint64_t value) { return std::string(Text<32>{}.id(value).view()); };
  CHECK(id(0) == "0000000000000000");
  CHECK(id(0x0123456789abcdef) == "0123456789abcdef");
  CHECK(id(std::numeric_limits<std::uint64_t>::max()) == "ffffffffffffffff");
}

TEST_CASE("a short text is followed by a NUL", "[text]") {
  Text<16> text;
  text << "wsflow-" << 7;
  CHECK(text.view().data()[text.view().size()] == '\0');
}
