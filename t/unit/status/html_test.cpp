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

TEST_CASE("clients that are refused again and again are named, and none if there are none", "[html]") {
  auto model = test::status_model();
  CHECK_FALSE(contains(section_of(model, "ended"), "Refused again and again"));
  model.loops = {.refused = 1200, .again = 1100, .clients = 12, .by_reason = {}, .worst = {}};
  model.loops.worst.push_back(
      {.address = "192.0.2.7", .refused = 118, .reason = base::HandshakeRefusal::max_tunnels});
  const auto body = body_of(model);
  CHECK(contains(body, "of 1,200 in a minute 1,100 came from 12 addresses"));
  CHECK(contains(body,
                 "<th scope=\"row\"><a href=\"?client=192.0.2.7#client\">192.0.2.7</a></th><td "
                 "class=\"n\">118</td><td>max-tunnels</td>"));
}

TEST_CASE("the page shows the model, escaped and with its elements balanced", "[html]") {
  const auto page = page_of(test::status_model());
  CHECK(page.rfind("<!DOCTYPE html>", 0) == 0);
  const auto body = body_of(test::status_model());
  CHECK(contains(body,
                 "<dd class=\"big\">24</dd><dd class=\"sub\">1 child, 1 keeper; 3 on worker threads</dd>"));
  CHECK(contains(body, "Apache/2.4 &lt;&quot;&amp;&#39;\\&gt; test"));
  CHECK_FALSE(contains(body, "<\"&"));
  CHECK(contains(body, "<th scope=\"row\">100</th><td data-c=\"kind\">child</td>"));
  CHECK(contains(body, "<th scope=\"row\">101</th><td data-c=\"kind\">keeper</td>"));
  CHECK(contains(body, "client-reset"));
  CHECK(contains(body, ">Pings</abbr></h2>"));
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
  CHECK(contains(limits,
                 "<meter max=\"24\" low=\"18\" high=\"21\" optimum=\"0\" value=\"18\" "
                 "aria-label=\"permits in use\"></meter> 18 of 24"));
  CHECK(contains(limits, "value=\"3\" aria-label=\"requests that wait\"></meter> 3 of 41"));
  CHECK(contains(limits,
                 "needs about 23 permits (mean of 55 s: 18.2 held and 4.66 for the refused; now 21, at most "
                 "24 at a time)"));
  CHECK(contains(limits, "0.275/s of 0.5/s"));
  CHECK(contains(limits, "10 concurrency, 11 rate, 12 queue-full"));
  CHECK(contains(limits, "25 to 24 (slower: 300 ms to the first byte, usually 150 ms)"));
  CHECK(contains(limits, "old (not configured any more)"));
  CHECK(count(limits, "<form") == 1);
  CHECK(contains(limits, "<summary><b>app</b>: change it</summary>"));
  CHECK_FALSE(contains(limits, "<b>old</b>"));
  CHECK(count(limits, "value=\"0123456789abcdef0123456789abcdef\"") == 1);
  CHECK(contains(limits, "name=\"concurrency\" size=\"8\" placeholder=\"24\""));
  CHECK(contains(limits, "name=\"rate\" size=\"8\" placeholder=\"0.5/s\""));
  CHECK(contains(limits, "name=\"queue\" size=\"8\" placeholder=\"41\""));
}

TEST_CASE("the page shows this node's part of a limit that nodes share", "[html]") {
  auto model = test::status_model();
  model.limits.push_back(test::shared_limit());
  const auto shared = page_of(model);
  CHECK(shared.find("11 of 17, all nodes 100") != std::string::npos);
  CHECK(
      shared.find(
          "shared as all: 17 permits here, 70 with other nodes, 90 in all; 30/s here, 50/s in all; 2 nodes; "
          "leased for 6.5 s") != std::string::npos);
  model.limits.back().lease_left = 0;
  model.cluster.error = "<gone>";
  const auto away = page_of(model);
  CHECK(away.find("this node has no lease: floor=3 counts; the database does not answer: &lt;gone&gt;") !=
        std::string::npos);
}

TEST_CASE("what others have sent is text in the page and nothing else", "[html]") {
  const auto model = test::status_model();
  // As a key of a limit; as client, route, origin, user and key of a tunnel; as server, route and origin, the
  // last two also in their actions.
  CHECK(count(section_of(model, "limits"), kHostileText) == 1);
  CHECK(count(section_of(model, "tunnels"), kHostileText) == 5);
  CHECK(count(section_of(model, "routes"), std::string(kHostileText) + "<") == 5);
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
  CHECK(count(routes, "value=\"drain\"") == 2);
  CHECK(count(routes, "value=\"close\"") == 2);  // not where no origin was reached
  CHECK(count(routes, "value=\"undrain\"") == 0);
  CHECK(contains(routes, "class=\"n\">12.5 ms</td><td data-c=\"to origin\" class=\"n\">5 kB</td>"));
  model.routes[1].drained = true;
  routes = section_of(model, "routes");
  CHECK(count(routes, "value=\"drain\"") == 1);
  CHECK(count(routes, "value=\"undrain\"") == 1);
  CHECK(contains(routes, "<span class=\"state warm\">drained</span>"));
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
  CHECK(section_of(model, "limits").empty());
  CHECK(section_of(model, "routes").empty());
  CHECK(section_of(model, "client").empty());
  CHECK(contains(section_of(model, "trouble"), "Nothing is wrong."));
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

TEST_CASE("what is wrong stands first, with a link to its place", "[html]") {
  auto model = test::status_model();
  model.limits[0].top_keys[0].in_use = 24;
  model.limits[0].name = "<app>";
  const auto trouble = section_of(model, "trouble");
  CHECK(contains(trouble,
                 "<li class=\"bad\"><span class=\"state bad\">bad</span> "
                 "<a href=\"#limits\">Limit &lt;app&gt; is full</a>"));
  const auto body = body_of(model);
  CHECK(body.find("id=\"trouble\"") < body.find("id=\"now\""));
  const auto limits = section_of(model, "limits");
  CHECK(contains(limits, "<tr class=\"bad\">"));
  CHECK(contains(limits, "fullest key 24 of 24"));
  CHECK(contains(limits, "<span class=\"state bad\">full, requests wait</span>"));
}

TEST_CASE("a route stands above its origins, each with its state in words", "[html]") {
  auto model = test::status_model();
  model.origins[0].state = status::OriginState::error;
  auto second = model.routes[1];
  second.origin = "ws://127.0.0.1:9001";
  second.active = 5;
  model.routes.insert(model.routes.begin() + 2, second);
  const auto routes = section_of(model, "routes");
  CHECK(count(routes, "<tbody>") == 2);
  CHECK(count(routes, "class=\"origin bad\"") == 1);
  CHECK(contains(routes, "<span class=\"state bad\">error</span>"));
  CHECK(contains(routes, "<span class=\"state ok\">up</span>"));
  // The route has the sum of both.
  const auto row = routes.find("<tr class=\"route warm\">");
  CHECK(routes.find("<td data-c=\"tunnels\" class=\"n\">7</td>", row) <
        routes.find("<tr class=\"origin", row));
  // An origin that no handshake has reached is told of when it is not in use.
  model.routes.clear();
  CHECK(contains(section_of(model, "routes"),
                 "<li>ws://127.0.0.1:9000 <span class=\"state bad\">error</span></li>"));
}

TEST_CASE("the page says whose it is, since when, and what httpd has left", "[html]") {
  const auto now = section_of(test::status_model(), "now");
  CHECK(contains(now, "<dt>host</dt><dd>www.example.org</dd>"));
  CHECK(contains(now, "<dt>up</dt><dd>1 h 1 m, since 2023-11-14 21:13 UTC</dd>"));
  CHECK(contains(now, "generation 4, since 2023-11-14 22:13 UTC"));
  CHECK(contains(now, "7 busy, 18 idle, 150 at most"));
  CHECK(contains(now, "41 of 1,024 in the fullest process"));
}
