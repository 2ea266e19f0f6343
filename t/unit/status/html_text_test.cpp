#include "mod_wsflow/status/html_text.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>

using namespace wsflow::status;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("what means something to HTML is escaped", "[html]") {
  CHECK(escape_html("<a href=\"x\" title='y'>&amp;</a>") ==
        "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
  CHECK(escape_html("plain \xC3\xA9 text") == "plain \xC3\xA9 text");
  CHECK(escape_html("").empty());
  CHECK(html("<\xFF") == "&lt;\xEF\xBF\xBD");
}

TEST_CASE("HTML in ASCII says the same", "[html]") {
  CHECK(ascii_html("<b>a&amp;b</b>") == "<b>a&amp;b</b>");
  CHECK(ascii_html("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") == "&#233;&#8364;&#128512;");
  CHECK(ascii_html("\xE2\x82") == "&#65533;&#65533;");
}

TEST_CASE("what means something in an address is percent-encoded", "[html]") {
  CHECK(escape_url("Az09-._~") == "Az09-._~");
  CHECK(escape_url("a b&c=d#e%/\xC3\xA9+") == "a%20b%26c%3Dd%23e%25%2F%C3%A9%2B");
}

TEST_CASE("numbers are as people read them", "[html]") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(UINT64_MAX) == "18,446,744,073,709,551,615");
  CHECK(amount(0) == "0");
  CHECK(amount(0.0004) == "0");
  CHECK(amount(0.256) == "0.26");
  CHECK(amount(12.34) == "12.3");
  CHECK(amount(99.96) == "100");
  CHECK(amount(1234567) == "1,234,567");
  CHECK(byte_size(0) == "0 B");
  CHECK(byte_size(999) == "999 B");
  CHECK(byte_size(999.6) == "1 kB");
  CHECK(byte_size(1'234'567) == "1.23 MB");
  CHECK(byte_size(999'999'999) == "1 GB");
  CHECK(byte_size(double(UINT64_MAX)) == "1,000 PB");
}

TEST_CASE("spans of time have two units at most", "[html]") {
  CHECK(time_span(0) == "0 s");
  CHECK(time_span(0.0002) == "< 1 ms");
  CHECK(time_span(0.0125) == "12.5 ms");
  CHECK(time_span(0.9999) == "1 s");
  CHECK(time_span(1.25) == "1.2 s");
  CHECK(time_span(59.9) == "59 s");
  CHECK(time_span(60) == "1 m");
  CHECK(time_span(200) == "3 m 20 s");
  CHECK(time_span(3600) == "1 h");
  CHECK(time_span(39'960) == "11 h 6 m");
  CHECK(time_span(90'000) == "1 d 1 h");
}

TEST_CASE("what is no number is none", "[html]") {
  for (const double value : {kNone, kInfinity, -kInfinity, -1.0}) {
    CHECK(amount(value) == "0");
    CHECK(byte_size(value) == "0 B");
    CHECK(time_span(value) == "0 s");
  }
}
