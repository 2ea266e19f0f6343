#include "mod_wsflow/status/html.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "t/unit/support/status_model.hpp"

using namespace wsflow;

namespace {

std::size_t count(const std::string& text, const std::string& piece) {
  std::size_t found = 0;
  for (auto at = text.find(piece); at != std::string::npos; at = text.find(piece, at + piece.size())) ++found;
  return found;
}

bool contains(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

}  // namespace

TEST_CASE("what means something to HTML is escaped", "[html]") {
  CHECK(status::escape_html("<a href=\"x\" title='y'>&amp;</a>") ==
        "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
  CHECK(status::escape_html("plain \xC3\xA9 text") == "plain \xC3\xA9 text");
  CHECK(status::escape_html("").empty());
}

TEST_CASE("the page shows the model, escaped and with its elements balanced", "[html]") {
  const auto page = status::to_html(test::status_model());
  CHECK(page.rfind("<!DOCTYPE html>", 0) == 0);
  CHECK(contains(page, "<span class=\"big\">24</span>"));
  CHECK(contains(page, "Apache/2.4 &lt;&quot;&amp;&#39;\\&gt; test"));
  CHECK_FALSE(contains(page, "<\"&"));
  CHECK(contains(page, "<td>100</td><td>child</td><td>3</td>"));
  CHECK(contains(page, "<td>101</td><td>keeper</td><td>4</td>"));
  CHECK(contains(page, "<td>keepers</td><td>1</td>"));
  CHECK(contains(page, "client-reset"));
  CHECK(contains(page, "process-lost"));
  CHECK(contains(page, "bad-method"));
  for (const std::string element :
       {"table", "tr", "td", "th", "h2", "h3", "p", "form", "label", "button", "meter", "body", "html"}) {
    INFO(element);
    CHECK(count(page, "<" + element + ">") + count(page, "<" + element + " ") ==
          count(page, "</" + element + ">"));
  }
}

TEST_CASE("the page shows the limits and has a form for each that is configured", "[html]") {
  auto model = test::status_model();
  model.limits[0].defined.keyed = false;
  auto page = status::to_html(model);
  CHECK(contains(page, "<meter max=\"24\" value=\"18\"></meter> 18 of 24"));
  CHECK(contains(page, "needs about 23 permits (20.1/s x 1.14 s)"));
  CHECK(contains(page, "0.275/s of 0.5/s"));
  CHECK(contains(page, "10 concurrency, 11 rate, 12 queue-full"));
  CHECK(contains(page, "25 to 24 (slower: 300 ms to the first byte, usually 150 ms)"));
  CHECK(contains(page, "old (not configured any more)"));
  CHECK(count(page, "<form") == 1);
  CHECK(contains(page, "<h3>app</h3>"));
  CHECK_FALSE(contains(page, "<h3>old</h3>"));
  CHECK(count(page, "value=\"0123456789abcdef0123456789abcdef\"") == 1);
  CHECK(contains(page, "name=\"concurrency\" size=\"8\" placeholder=\"24\""));
  CHECK(contains(page, "name=\"rate\" size=\"8\" placeholder=\"0.5/s\""));
  CHECK(contains(page, "name=\"queue\" size=\"8\" placeholder=\"41\""));
}

TEST_CASE("the key of a client is text in the page and nothing else", "[html]") {
  const auto page = status::to_html(test::status_model());
  CHECK(contains(page,
                 "<td>&lt;/script&gt;&quot;\\\n\x01&lt;&amp;&#39;\xEF\xBF\xBD\xEF\xBF\xBD</td><td>2</td>"));
  CHECK(contains(page, "<td>#00000000000000cd</td>"));
  CHECK_FALSE(contains(page, "</script"));
}

TEST_CASE("the page needs nothing else", "[html]") {
  const auto page = status::to_html(test::status_model());
  CHECK_FALSE(contains(page, "<script"));
  CHECK_FALSE(contains(page, "src="));
  CHECK_FALSE(contains(page, "http://"));
}

TEST_CASE("on an empty server the page says none instead of zeros", "[html]") {
  status::Model model;
  model.snapshot.sums = {};
  const auto page = status::to_html(model);
  CHECK(contains(page, "<td>none</td>"));
  CHECK_FALSE(contains(page, "Limits"));
  CHECK_FALSE(contains(page, "client-reset"));
}

TEST_CASE("the section for server-status is no page of its own", "[html]") {
  const auto section = status::to_html_section(test::status_model());
  CHECK_FALSE(contains(section, "<html"));
  CHECK(contains(section, "24"));
  CHECK(count(section, "<table>") == count(section, "</table>"));
  CHECK(contains(section, "<td>app</td>"));
  // It stands on a page that others than operators may see.
  CHECK_FALSE(contains(section, "0123456789abcdef"));
  CHECK_FALSE(contains(section, "<form"));
  CHECK_FALSE(contains(section, "&lt;/script"));
}
