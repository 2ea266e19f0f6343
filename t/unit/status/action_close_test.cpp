#include "mod_wsflow/status/action_close.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "mod_wsflow/status/action_drain.hpp"

using namespace wsflow;
using namespace wsflow::status;

namespace {

using Fields = std::vector<Field>;

Fields form(const Fields& more) {
  Fields fields{{"nonce", "x"}, {"action", "close"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

base::Parsed<CloseAction> read(const Fields& more) {
  return read_close_action(form(more));
}

std::string problem(const Fields& more) {
  const auto action = read_close_action(form(more));
  CHECK_FALSE(action);
  return action.wrong();
}

std::string drain_problem(const Fields& more) {
  const auto action = read_drain_action(form(more));
  CHECK_FALSE(action);
  return action.wrong();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a form names the tunnels that are to end, and how", "[action_close]") {
  const Fields all{{"id", "00000000000000ff"}, {"client", "2001:DB8:0::1"},
                   {"user", "alice"},          {"server", "example.org"},
                   {"route", "/chat"},         {"origin", "ws://127.0.0.1:1"},
                   {"limit", "app"},           {"key", "k 1"},
                   {"code", "4001"},           {"pace", "20"}};
  const auto action = read(all);
  REQUIRE(action);
  CHECK(action->id == 0xFFU);
  CHECK(action->client == "2001:db8::1");
  CHECK(action->code == 4001);
  CHECK(action->pace == 20);
  CHECK(told(*action) ==
        "id 00000000000000ff, client 2001:db8::1, user alice, server example.org, route /chat, "
        "origin ws://127.0.0.1:1, limit app, key k 1");
  const auto least = read({{"client", "::ffff:192.0.2.1"}});
  REQUIRE(least);
  CHECK(told(*least) == "client 192.0.2.1");
  CHECK(least->code == 1001);
  CHECK(least->pace == 0);
  CHECK_FALSE(least->id);
}

TEST_CASE("what does not say which tunnels ends none", "[action_close]") {
  CHECK(contains(problem({}), "which tunnels?"));
  CHECK(contains(problem({{"code", "1000"}}), "which tunnels?"));
  CHECK(problem({{"user", ""}, {"route", "/x"}}) == "user=: it is empty");
  CHECK(contains(problem({{"user", std::string_view("bob\0x", 5)}}), "it has a byte 0"));
  CHECK(read({{"user", ""}, {"route", "/x"}, {"from", "page"}}));
  CHECK(contains(problem({{"user", ""}, {"from", "page"}}), "which tunnels?"));
  CHECK(contains(problem({{"key", "k"}}), "key and limit go together"));
  CHECK(contains(problem({{"limit", "app"}, {"route", "/x"}}), "key and limit go together"));
  CHECK(contains(problem({{"name", "x"}, {"route", "/x"}}),
                 "name=x: there is no such field; legal are nonce, "));
  CHECK(problem({{"route", "/x"}, {"route", "/y"}}) == "route=/y: the field is there twice");
}

TEST_CASE("values that are not legal are named with what is", "[action_close]") {
  const std::string_view ids[] = {"0", "0000000000000000", "00000000000000fg", "0x000000000000ff",
                                  "00000000000000ff0"};
  for (const auto id : ids) CHECK(contains(problem({{"id", id}}), "legal are the 16 hexadecimal digits"));
  const std::string_view clients[] = {"x", "192.0.2", "192.0.2.1/24", "::", "localhost", "1.2.3.4 "};
  for (const auto client : clients)
    CHECK(contains(problem({{"client", client}}), "legal is an IPv4 or IPv6"));
  const std::string_view codes[] = {"0",    "999",  "1004", "1005", "1006",
                                    "1015", "2000", "5000", "-1",   "1001x"};
  for (const auto code : codes) {
    CHECK(contains(problem({{"route", "/x"}, {"code", code}}), "legal is a Close code"));
  }
  const std::string_view paces[] = {"-1", "1000001", "1.5", "5/s"};
  for (const auto pace : paces) {
    CHECK(contains(problem({{"route", "/x"}, {"pace", pace}}), "legal is a whole number from 0 to 1000000"));
  }
}

TEST_CASE("a way back leads to the page and nowhere else", "[action_close]") {
  const std::string_view good[] = {"", "sort=age&dir=desc&filter=a%20b&from=0", "client=2001:db8::1"};
  for (const auto back : good) CHECK(read({{"from", "page"}, {"back", back}, {"route", "/x"}}));
  const std::string_view bad[] = {"a#b",  "a b", "\r\nSet-Cookie: x", "<script>", "a\"b", "a'b",
                                  "\xFF", "a\\b"};
  for (const auto back : bad) {
    CHECK(contains(problem({{"from", "page"}, {"back", back}, {"route", "/x"}}), "legal is a query string"));
  }
  const std::string large(2049, 'a');
  CHECK(contains(problem({{"from", "page"}, {"back", large}, {"route", "/x"}}), "legal is a query string"));
  CHECK(problem({{"from", "curl"}, {"route", "/x"}}) == "from=curl: legal is page");
}

TEST_CASE("a route is drained by its server and path", "[action_drain]") {
  const Fields route{{"server", "example.org"}, {"route", "/chat"}};
  const auto action = read_drain_action(form(route));
  REQUIRE(action);
  CHECK(action->server == "example.org");
  CHECK(action->route == "/chat");
  CHECK(action->code == 1012);
  CHECK(action->pace == 10);
  const auto at_once = read_drain_action(form({{"server", "s"}, {"route", "/r"}, {"pace", "0"}}));
  REQUIRE(at_once);
  CHECK(at_once->pace == 0);
  CHECK(read_undrain_action(form(route)));
  const auto undrain = read_undrain_action(form({{"server", "s"}, {"route", "/r"}, {"pace", "1"}}));
  CHECK_FALSE(undrain);
  CHECK(contains(undrain.wrong(), "pace=1: there is no such field"));
  CHECK(contains(drain_problem({{"route", "/chat"}}), "server is missing"));
  CHECK(contains(drain_problem({{"server", "s"}}), "route is missing"));
  CHECK(drain_problem({{"server", "s"}, {"route", ""}}) == "route=: it is empty");
}
