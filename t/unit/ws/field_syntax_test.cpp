#include "mod_wsflow/ws/field_syntax.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

using namespace wsflow::ws;

TEST_CASE("a token has the characters of RFC 9110", "[field_syntax]") {
  const std::string_view marks = "!#$%&'*+-.^_`|~";
  for (int value = 0; value < 256; ++value) {
    const char c = static_cast<char>(value);
    const bool alphanumeric =
        (value >= '0' && value <= '9') || (value >= 'A' && value <= 'Z') || (value >= 'a' && value <= 'z');
    const bool mark = value != 0 && marks.find(c) != std::string_view::npos;
    if (is_token_char(c) != (alphanumeric || mark)) FAIL("wrong for " << value);
  }
  CHECK(is_token("Sec-WebSocket-Key"));
  CHECK_FALSE(is_token(""));
  CHECK_FALSE(is_token("two words"));
}

TEST_CASE("a value is one line", "[field_syntax]") {
  for (int value = 0; value < 256; ++value) {
    const char c = static_cast<char>(value);
    const bool control = (value < 0x20 && c != '\t') || value == 0x7F;
    if (is_field_char(c) == control) FAIL("wrong for " << value);
  }
  CHECK(is_field_value(""));
  CHECK(is_field_value("a\tb \xC3\xA9"));
  CHECK_FALSE(is_field_value("a\nb"));
}

TEST_CASE("optional white space is space and tab only", "[field_syntax]") {
  CHECK(trim_ows(" \t a b\t ") == "a b");
  CHECK(trim_ows(" \t ").empty());
  CHECK(trim_ows("").empty());
  CHECK(trim_ows("\r\na\v") == "\r\na\v");
}

TEST_CASE("only ASCII letters have a case", "[field_syntax]") {
  CHECK(equals_ignoring_case("WebSocket", "wEBsOCKET"));
  CHECK_FALSE(equals_ignoring_case("websocket", "websockets"));
  CHECK_FALSE(equals_ignoring_case("[", "{"));
  CHECK_FALSE(equals_ignoring_case("\xC9", "\xE9"));
}

TEST_CASE("a list is taken element by element", "[field_syntax]") {
  const auto elements = [](std::string_view list) {
    std::vector<std::string> out;
    while (!list.empty()) out.emplace_back(take_element(list));
    return out;
  };
  using Strings = std::vector<std::string>;
  CHECK(elements("").empty());
  CHECK(elements("a") == Strings{"a"});
  CHECK(elements(" a ,\tb c,, d") == Strings{"a", "b c", "", "d"});
  CHECK(elements(",a,") == Strings{"", "a"});
}
