#include "mod_wsflow/status/html.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "mod_wsflow/status/html_text.hpp"
#include "t/unit/support/status_model.hpp"

using namespace wsflow;

namespace {

constexpr const char* kHostileText =
    "&lt;/script&gt;&quot;\\\xEF\xBF\xBD\xEF\xBF\xBD&lt;&amp;&#39;\xEF\xBF\xBD\xEF\xBF\xBD";

std::size_t count(const std::string& text, const std::string& piece) {
  std::size_t found = 0;
  for (auto at = text.find(piece); at != std::string::npos; at = text.find(piece, at + piece.size())) ++found;
  return found;
}

bool contains(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

std::string page_of(const status::Model& model) {
  return status::to_html(model, "0ddba11");
}

// Without the style and the script, which are the same whatever there is to show.
std::string body_of(const status::Model& model) {
  const auto page = page_of(model);
  const auto begin = page.find("<body>");
  return page.substr(begin, page.find("<script ") - begin);
}

std::string section_of(const status::Model& model, const std::string& id) {
  const auto body = body_of(model);
  const auto begin = body.find("<section id=\"" + id + "\"");
  return begin == std::string::npos ? "" : body.substr(begin, body.find("</section>", begin) - begin);
}

}  // namespace

TEST_CASE("the page shows the model, escaped and with its elements balanced", "[html]") {
  const auto page = page_of(test::status_model());
  CHECK(page.rfind("<!DOCTYPE html>", 0) == 0);
  const auto body = body_of(test::status_model());
  CHECK(contains(body,
                 "<dd class=\"big\">24</dd><dd class=\"sub\">1 child, 1 keeper; 3 on worker threads</dd>"));
  CHECK(contains(body, "Apache/2.4 &lt;&quot;&amp;&#39;\\&gt; test"));
  CHECK_FALSE(contains(body, "<\"&"));
  CHECK(contains(body, "<th scope=\"row\">100</th><td>child</td><td class=\"n\">3</td>"));
  CHECK(contains(body, "<th scope=\"row\">101</th><td>keeper</td><td class=\"n\">4</td>"));
  CHECK(contains(body, "client-reset"));
  CHECK(contains(body, "process-lost"));
  CHECK(contains(body, "bad-method"));
  for (const std::string element :
       {"table",  "thead", "tbody", "tr",    "td",     "th",    "h1",      "h2",      "h3",
        "p",      "a",     "form",  "label", "button", "meter", "details", "summary", "section",
        "figure", "svg",   "span",  "div",   "nav",    "dl",    "small",   "main"}) {
    INFO(element);
    CHECK(count(body, "<" + element + ">") + count(body, "<" + element + " ") ==
          count(body, "</" + element + ">"));
  }
}

TEST_CASE("the script of the page runs by its nonce, and nothing else is loaded", "[html]") {
  const auto page = page_of(test::status_model());
  CHECK(count(page, "<script") == 1);
  CHECK(contains(page, "<script nonce=\"0ddba11\">"));
  CHECK(count(page, "</script") == 1);
  const auto body = body_of(test::status_model());
  for (const std::string what : {"src=", "href=\"http", "url(", "style=", "onclick", "http://"}) {
    INFO(what);
    CHECK_FALSE(contains(body, what));
  }
  CHECK_FALSE(contains(page, "@import"));
}

TEST_CASE("the page shows the limits and has a form for each that is configured", "[html]") {
  auto model = test::status_model();
  model.limits[0].defined.keyed = false;
  const auto limits = section_of(model, "limits");
  CHECK(contains(limits, "<meter max=\"24\" value=\"18\"></meter> 18 of 24"));
  CHECK(contains(limits, "<meter max=\"41\" value=\"3\"></meter> 3 of 41"));
  CHECK(contains(limits,
                 "needs about 23 permits (mean of 55 s: 18.2 held and 4.66 for the refused; now 21, at most "
                 "24 at a time)"));
  CHECK(contains(limits, "0.275/s of 0.5/s"));
  CHECK(contains(limits, "10 concurrency, 11 rate, 12 queue-full"));
  CHECK(contains(limits, "25 to 24 (slower: 300 ms to the first byte, usually 150 ms)"));
  CHECK(contains(limits, "old (not configured any more)"));
  CHECK(count(limits, "<form") == 1);
  CHECK(contains(limits, "<h3>app</h3>"));
  CHECK_FALSE(contains(limits, "<h3>old</h3>"));
  CHECK(count(limits, "value=\"0123456789abcdef0123456789abcdef\"") == 1);
  CHECK(contains(limits, "name=\"concurrency\" size=\"8\" placeholder=\"24\""));
  CHECK(contains(limits, "name=\"rate\" size=\"8\" placeholder=\"0.5/s\""));
  CHECK(contains(limits, "name=\"queue\" size=\"8\" placeholder=\"41\""));
}

TEST_CASE("what others have sent is text in the page and nothing else", "[html]") {
  const auto model = test::status_model();
  // As a key of a limit; as client, route, origin, user and key of a tunnel; as server, route and origin.
  CHECK(count(section_of(model, "limits"), kHostileText) == 1);
  CHECK(count(section_of(model, "tunnels"), kHostileText) == 5);
  CHECK(count(section_of(model, "routes"), std::string(kHostileText) + "<") == 3);
  const auto body = body_of(model);
  CHECK_FALSE(contains(body, "</script"));
  CHECK_FALSE(contains(body, test::kHostile));
  CHECK(contains(body, "#00000000000000cd"));
  // In an address it is percent-encoded.
  CHECK(contains(body, "?client=%3C%2Fscript%3E%22%5C%0A%01%3C%26%27%E2%82&amp;count=0#tunnels"));
}

TEST_CASE("only a key that a form can send has a button", "[html]") {
  auto model = test::status_model();
  CHECK_FALSE(contains(section_of(model, "limits"), "name=\"key\""));
  model.limits[0].top_keys[0].text = "<192.0.2.1>";
  CHECK(contains(section_of(model, "limits"),
                 "<button form=\"close-key-app\" name=\"key\" value=\"&lt;192.0.2.1&gt;\""));
  CHECK(count(section_of(model, "limits"), "name=\"key\"") == 1);
}

TEST_CASE("a route has what drains it, or what takes that back", "[html]") {
  auto model = test::status_model();
  for (auto& route : model.routes) route.drained = false;
  auto routes = section_of(model, "routes");
  CHECK(count(routes, "value=\"drain\"") == 3);
  CHECK(count(routes, "value=\"close\"") == 2);  // not where no origin was reached
  CHECK(count(routes, "value=\"undrain\"") == 0);
  CHECK(contains(routes, "<td class=\"n\">12.5 ms</td><td class=\"n\">5 kB</td><td class=\"n\">6 kB</td>"));
  model.routes[1].drained = true;
  routes = section_of(model, "routes");
  CHECK(count(routes, "value=\"drain\"") == 2);
  CHECK(count(routes, "value=\"undrain\"") == 1);
  CHECK(contains(routes, "<span class=\"closed\">drained</span>"));
}

TEST_CASE("of many routes the page shows the busiest", "[html]") {
  auto model = test::status_model();
  model.routes.assign(3000, model.routes[1]);
  for (std::size_t i = 0; i < model.routes.size(); ++i) model.routes[i].route = "/" + std::to_string(i);
  model.routes[2999].active = 1000;
  const auto routes = section_of(model, "routes");
  CHECK(count(routes, "<details>") == 25);
  CHECK(contains(routes, ">/2999</a>"));
  CHECK(contains(routes, "the 25 busiest of 3,000"));
}

TEST_CASE("on an empty server the page says none instead of zeros", "[html]") {
  status::Model model;
  model.snapshot.sums = {};
  const auto body = body_of(model);
  CHECK(contains(body, "<p class=\"note\">none</p>"));
  CHECK(contains(body, "nothing measured yet"));
  CHECK_FALSE(contains(body, "Limits"));
  CHECK_FALSE(contains(body, "Routes"));
  CHECK_FALSE(contains(body, "client-reset"));
  CHECK_FALSE(contains(body, "nan"));
  CHECK(contains(body, "<span class=\"note\">0 tunnels</span>"));
}

TEST_CASE("the section for server-status is no page of its own", "[html]") {
  auto model = test::status_model();
  model.limits[1].name = "caf\xC3\xA9 \xF0\x9F\x98\x80";
  const auto section = status::to_html_section(model);
  CHECK_FALSE(contains(section, "<html"));
  CHECK(contains(section, "<th scope=\"row\">active</th><td class=\"n\">24</td>"));
  CHECK(count(section, "<table>") == count(section, "</table>"));
  CHECK(contains(section, "<th scope=\"row\">app (tunnels)</th>"));
  // Its page is written in ISO-8859-1.
  CHECK(contains(section, "caf&#233; &#128512;"));
  CHECK(std::all_of(section.begin(), section.end(), [](char c) { return c > 0; }));
  // It stands on a page that others than operators may see.
  CHECK_FALSE(contains(section, "0123456789abcdef"));
  CHECK_FALSE(contains(section, "<form"));
  CHECK_FALSE(contains(section, "&lt;/script"));
}
