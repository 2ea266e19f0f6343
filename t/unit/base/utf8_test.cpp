#include "mod_wsflow/base/utf8.hpp"

#include <catch2/catch.hpp>

using namespace wsflow;

namespace {
constexpr const char* kReplacement = "\xEF\xBF\xBD";
}

TEST_CASE("valid text stays as it is", "[utf8]") {
  for (const std::string text :
       {"", "plain", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\xC3\xA9t\xC3\xA9"}) {
    CHECK(base::valid_utf8(text) == text);
  }
  const std::string zero("a\0b", 3);
  CHECK(base::valid_utf8(zero) == zero);
}

TEST_CASE("each byte that is no part of a character is replaced", "[utf8]") {
  const std::string replaced = kReplacement;
  CHECK(base::valid_utf8("a\xFFz") == "a" + replaced + "z");
  CHECK(base::valid_utf8("\x80\xBF") == replaced + replaced);
  CHECK(base::valid_utf8("\xC0\xAF") == replaced + replaced);                 // overlong
  CHECK(base::valid_utf8("\xE0\x9F\x80") == replaced + replaced + replaced);  // overlong
  CHECK(base::valid_utf8("\xED\xA0\x80") == replaced + replaced + replaced);  // surrogate
  CHECK(base::valid_utf8("\xF0\x8F\x80\x80").size() == 4 * replaced.size());  // overlong
  CHECK(base::valid_utf8("\xF4\x90\x80\x80").size() == 4 * replaced.size());  // beyond U+10FFFF
  CHECK(base::valid_utf8("\xF5\x80\x80\x80").size() == 4 * replaced.size());
  CHECK(base::valid_utf8("\xC3(") == replaced + "(");
  CHECK(base::valid_utf8("\xE2\x82(") == replaced + replaced + "(");
}

TEST_CASE("a character that was cut off is replaced", "[utf8]") {
  const std::string replaced = kReplacement;
  const std::string euro = "\xE2\x82\xAC";
  CHECK(base::valid_utf8(euro.substr(0, 1)) == replaced);
  CHECK(base::valid_utf8("x" + euro.substr(0, 2)) == "x" + replaced + replaced);
  CHECK(base::valid_utf8("\xF0\x9F\x98") == replaced + replaced + replaced);
}

TEST_CASE("what people read has no control characters", "[utf8]") {
  CHECK(base::printable_utf8("a\x1b[2J\n\t\x7f\xC2\x9B z") ==
        "a\xEF\xBF\xBD[2J\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD z");
  CHECK(base::printable_utf8("\xC2\xA0\xC3\xA9\xFF") == "\xC2\xA0\xC3\xA9\xEF\xBF\xBD");
}
