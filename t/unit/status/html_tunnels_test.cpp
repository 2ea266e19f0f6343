#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/html_tunnels_bar.hpp"
#include "mod_wsflow/status/query.hpp"
#include "mod_wsflow/status/query_text.hpp"
#include "t/unit/support/status_model.hpp"

using namespace wsflow;

namespace {

bool contains(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

// A page of 50 from `first` on, of so many.
std::string pages_of(std::size_t first, std::uint64_t matched) {
  auto model = test::status_model();
  model.query.first = first;
  model.query.count = status::kPageCount;
  model.connections.matched = model.connections.total = matched;
  const auto left = matched - std::min<std::uint64_t>(matched, first);
  model.connections.tunnels.resize(std::min<std::uint64_t>(left, status::kPageCount));
  return status::pages(model);
}

shm::Query whole_query() {
  shm::Query query{};
  query.selector.client = "2001:db8::1";
  query.selector.user = "a b&c=\"d\"";
  query.selector.server = "www.example.org";
  query.selector.route = "/chat";
  query.selector.origin = "ws://127.0.0.1:9000";
  query.selector.part = "<\xC3\xA9>+%";
  query.sort = shm::SortBy::idle;
  query.descending = true;
  query.first = 100;
  query.count = 25;
  return query;
}

}  // namespace

TEST_CASE("the query of a page asks for the same page", "[html]") {
  const auto query = whole_query();
  std::string wrong;
  const auto read = status::read_status_query(status::to_query(query), wrong);
  REQUIRE(read);
  CHECK(read->format == status::StatusFormat::page);
  CHECK(read->tunnels.selector.client == query.selector.client);
  CHECK(read->tunnels.selector.user == query.selector.user);
  CHECK(read->tunnels.selector.server == query.selector.server);
  CHECK(read->tunnels.selector.route == query.selector.route);
  CHECK(read->tunnels.selector.origin == query.selector.origin);
  CHECK(read->tunnels.selector.part == query.selector.part);
  CHECK(read->tunnels.sort == query.sort);
  CHECK(read->tunnels.descending);
  CHECK(read->tunnels.first == 100);
  CHECK(read->tunnels.count == 25);
  CHECK(status::to_query(status::read_status_query("", wrong)->tunnels).empty());
}

TEST_CASE("a head sorts by its column, and the other way if it is sorted so", "[html]") {
  auto model = test::status_model();
  model.query.count = status::kPageCount;
  model.query.first = 50;
  auto out = status::tunnels_with_forms(model);
  CHECK(contains(
      out, "<a href=\"?sort=age&amp;dir=desc#tunnels\" title=\"For how long it has been there.\">age</a>"));
  CHECK(contains(out,
                 "<a href=\"?sort=client&amp;dir=asc#tunnels\" title=\"The address from which the socket "
                 "comes.\">client</a>"));
  CHECK_FALSE(contains(out, "aria-sort"));
  model.query.sort = shm::SortBy::age;
  model.query.descending = true;
  out = status::tunnels_with_forms(model);
  CHECK(contains(out,
                 "aria-sort=\"descending\"><a href=\"?sort=age&amp;dir=asc#tunnels\" class=\"down\" "
                 "title=\"For how long it has been there.\">age</a>"));
  model.query.descending = false;
  out = status::tunnels_with_forms(model);
  CHECK(contains(out,
                 "aria-sort=\"ascending\"><a href=\"?sort=age&amp;dir=desc#tunnels\" class=\"up\" "
                 "title=\"For how long it has been there.\">age</a>"));
}

TEST_CASE("a tunnel is a row with what it carried each way and a button that closes it", "[html]") {
  const auto out = status::tunnels_with_forms(test::status_model());
  CHECK(contains(out, "<tr id=\"t00000000000000ab\">"));
  CHECK(contains(out, "<small>keeper 101</small>"));
  CHECK(contains(out, ">alice</a>, app: 192.0.2.1</small>"));
  CHECK(contains(out, "<span class=\"slow-client\">slow-client, worker</span><br><small>TLS client</small>"));
  CHECK(contains(out, "<td class=\"n\">1 m 30 s</td><td class=\"n\">10 s</td>"));
  CHECK(contains(out, "<td class=\"n\">1 kB<br>2 kB</td><td class=\"n\">11<br>22</td>"));
  CHECK(contains(out, "<td class=\"n\">23 ms<br>&ndash;</td>"));
  CHECK(contains(out, "<button form=\"close-one\" name=\"id\" value=\"00000000000000ab\""));
  CHECK(contains(out, "<form method=\"post\" action=\"?\" id=\"close-one\">"));
  // One that has begun after the model was made, for the clock of another process.
  CHECK(contains(out, "<td class=\"n\">0 s</td><td class=\"n\">0 s</td>"));
}

TEST_CASE("pages lead to those beside them", "[html]") {
  CHECK(pages_of(0, 0).empty());
  CHECK(pages_of(0, 50).empty());
  CHECK(contains(pages_of(0, 51), "1&ndash;50 of 51"));
  CHECK(
      contains(pages_of(0, 51), "<a href=\"?from=50#tunnels\">next</a>\n<a href=\"?from=50#tunnels\">last"));
  CHECK_FALSE(contains(pages_of(0, 51), "previous"));
  CHECK(contains(pages_of(50, 150), "<a href=\"?#tunnels\">first</a>\n<a href=\"?#tunnels\">previous</a>"));
  CHECK(contains(pages_of(50, 150), "<a href=\"?from=100#tunnels\">last</a>"));
  CHECK(contains(pages_of(50, 51), "51&ndash;51 of 51"));
  CHECK_FALSE(contains(pages_of(50, 51), "next"));
  // Their tunnels have ended meanwhile.
  CHECK(contains(pages_of(500, 51), "none here of 51"));
  CHECK_FALSE(contains(pages_of(500, 51), "next"));
  CHECK(contains(pages_of(SIZE_MAX, 51), "first"));
}

TEST_CASE("no count makes no pages without end", "[html]") {
  auto model = test::status_model();
  model.query.count = 0;
  model.connections.tunnels.clear();
  CHECK(contains(status::pages(model), "?from=65&amp;count=0#tunnels"));
}

TEST_CASE("what is chosen exactly can be closed as a whole, what is filtered cannot", "[html]") {
  auto model = test::status_model();
  model.query.count = status::kPageCount;
  CHECK_FALSE(contains(status::tunnels_bar(model), "method=\"post\""));
  model.query.selector.user = "<alice>";
  model.query.selector.route = "/chat";
  auto bar = status::tunnels_bar(model);
  CHECK(contains(
      bar, "<span class=\"chip\">user &lt;alice&gt; <a href=\"?route=%2Fchat#tunnels\">any</a></span>"));
  CHECK(contains(bar, "Close all 66"));
  CHECK(contains(bar, "name=\"back\" value=\"user=%3Calice%3E&amp;route=%2Fchat\""));
  CHECK(contains(bar, "name=\"action\" value=\"close\""));
  CHECK(contains(bar, "name=\"user\" value=\"&lt;alice&gt;\""));
  CHECK(contains(bar, "66 of 77"));
  model.query.selector.part = "\"x";
  bar = status::tunnels_bar(model);
  CHECK(contains(bar, "name=\"filter\" size=\"24\" value=\"&quot;x\""));
  CHECK_FALSE(contains(bar, "method=\"post\""));
}
