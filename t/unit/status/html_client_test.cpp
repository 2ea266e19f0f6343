#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <string>

#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/json.hpp"
#include "t/unit/support/status_model.hpp"

using namespace wsflow;

namespace {

bool contains(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

status::Model model_of_client(const char* address) {
  auto model = test::status_model();
  model.query.selector.client = address;
  auto& client = model.client;
  client.wanted = true;
  client.tunnels = 1200;
  client.summed = 1000;
  client.bytes = {1000, 2'000'000};
  client.messages = {7, 8};
  client.limits.push_back(
      {.limit = "app",
       .key = {.text = address, .hash = 1, .in_use = 4, .waiting = 2, .peak = 4, .admitted = 9, .refused = 6},
       .permits = 4,
       .barred_s = 30});
  client.held = {{.limit = "all", .count = 3}};
  client.refused.emplace();
  client.refused->front() = {.refused = 5, .reason = base::HandshakeRefusal::limit};
  return model;
}

}  // namespace

TEST_CASE("the page of one client has its tunnels, limits and refusals", "[html_client]") {
  CHECK(status::one_client(test::status_model()).empty());
  const auto out = status::one_client(model_of_client("192.0.2.7"));
  CHECK(contains(out, "<p>client 192.0.2.7 "));
  CHECK(contains(out, "1,200 <small>(the sums are of 1,000 of them)</small>"));
  CHECK(contains(out, "4 of 4"));
  CHECK(contains(out, "<span class=\"state bad\">30 s</span>"));
  CHECK(contains(out, "3 permits of limit all, which has no keys"));
  CHECK(contains(out, "5, the last for <span class=\"state warm\">limit</span>"));
  CHECK(contains(out, "<dt>in the minute before</dt><dd>none</dd>"));
  CHECK(contains(out, "href=\"?json&amp;client=192.0.2.7"));
}

TEST_CASE("a client of whom nothing is known, and a hostile one", "[html_client]") {
  auto model = test::status_model();
  model.client.wanted = true;
  model.query.selector.user = "nobody";
  const auto none = status::one_client(model);
  CHECK(contains(none, "It holds no permit of a limit, and waits for none."));
  CHECK_FALSE(contains(none, "refused this minute"));
  const auto hostile = status::one_client(model_of_client(test::kHostile));
  CHECK_FALSE(contains(hostile, "</script"));
  CHECK(contains(hostile, "&lt;/script&gt;"));
}

TEST_CASE("JSON has the same of one client, and null without one", "[html_client]") {
  rapidjson::Document told;
  REQUIRE_FALSE(told.Parse(status::to_json(test::status_model()).c_str()).HasParseError());
  CHECK(told["one_client"].IsNull());
  REQUIRE_FALSE(told.Parse(status::to_json(model_of_client("192.0.2.7")).c_str()).HasParseError());
  const auto& client = told["one_client"];
  CHECK(client["client"] == "192.0.2.7");
  CHECK(client["user"].IsNull());
  CHECK(client["tunnels"].GetInt() == 1200);
  CHECK(client["limits"][0]["in_use"].GetInt() == 4);
  CHECK(client["limits"][0]["barred_s"].GetInt() == 30);
  CHECK(client["unkeyed_limits"][0]["limit"] == "all");
  CHECK(client["refused_lately"][0]["reason"] == "limit");
  CHECK(client["refused_lately"][1]["reason"].IsNull());
}
