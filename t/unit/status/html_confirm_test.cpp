#include "mod_wsflow/status/html_confirm.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace wsflow;
using status::Field;

namespace {

bool contains(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

}  // namespace

TEST_CASE("a page asks with the fields that came, and says that it did", "[html_confirm]") {
  const std::vector<Field> fields = {{"nonce", "abc"},
                                     {"from", "page"},
                                     {"back", "sort=age&dir=desc"},
                                     {"action", "close"},
                                     {"route", "/<\"&'>"}};
  const auto page = status::to_confirmation({.title = "Close 12 tunnels?",
                                             .sentences = {"Those of <b>."},
                                             .button = "Close 12 tunnels",
                                             .closes = true},
                                            fields, "#tunnels");
  CHECK(contains(page, "<h1>Close 12 tunnels?</h1>"));
  CHECK(contains(page, "<p>Those of &lt;b&gt;.</p>"));
  CHECK(contains(page, "<input type=\"hidden\" name=\"route\" value=\"/&lt;&quot;&amp;&#39;&gt;\">"));
  CHECK(contains(page, "name=\"nonce\" value=\"abc\""));
  CHECK(contains(page, "name=\"confirmed\" value=\"yes\""));
  CHECK(contains(page, ">Close 12 tunnels</button>"));
  CHECK(contains(page, "<a href=\"?sort=age&amp;dir=desc#tunnels\">No, go back</a>"));
  CHECK_FALSE(contains(page, "<script"));
  CHECK_FALSE(contains(page, "<b>"));
}

TEST_CASE("only a form of the page that comes for the first time is asked about", "[html_confirm]") {
  CHECK(status::asks_first(std::vector<Field>{{"from", "page"}}));
  CHECK_FALSE(status::asks_first(std::vector<Field>{{"from", "page"}, {"confirmed", "yes"}}));
  CHECK_FALSE(status::asks_first(std::vector<Field>{{"action", "close"}}));
  CHECK(status::wrong_field(std::vector<Field>{{"confirmed", "no"}}, {})->sentence ==
        "confirmed=no: legal is yes");
}

TEST_CASE("what closes tunnels says how many, and for how long", "[html_confirm]") {
  CHECK(status::tunnels_text(1) == "1 tunnel");
  CHECK(status::tunnels_text(1200) == "1,200 tunnels");
  CHECK(status::pace_text(1200, 0) == "All at once.");
  CHECK(status::pace_text(1200, 10) == "10 a second: it takes 2 m.");
  CHECK(status::pace_text(1, 10) == "10 a second: it takes 1 s.");
}
