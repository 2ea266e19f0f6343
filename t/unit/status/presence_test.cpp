// Presence in JSON and on the page.
#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <string>

#include "mod_wsflow/status/html_parts.hpp"
#include "mod_wsflow/status/json.hpp"
#include "t/unit/support/status_model.hpp"

using namespace wsflow;

namespace {

status::Model counting() {
  auto model = test::status_model();
  auto& presence = model.presence;
  presence.keys = 7;
  presence.sockets = 9;
  presence.waiting = 3;
  presence.lag_us = 2'500'000;
  presence.failing = 1;
  presence.counted = true;
  presence.driver = "pgsql";
  presence.node = "web1";
  presence.store = wsflow::presence::StoreView{.failing = true,
                                               .error = "refused <it>",
                                               .failing_since = model.now_us - 60'000'000,
                                               .asked_at = model.now_us - 5'000'000,
                                               .stored_at = 0,
                                               .reported_at = model.now_us - 10'000'000,
                                               .nodes = {{.node = "web<1>",
                                                          .processes = 2,
                                                          .renewed = model.now_us - 1'000'000,
                                                          .left = 20'000'000,
                                                          .keys = 5,
                                                          .sockets = 6},
                                                         {.node = "web2", .left = -1}},
                                               .keys = 11,
                                               .sockets = 12};
  return model;
}

rapidjson::Document parsed(const status::Model& model) {
  rapidjson::Document document;
  document.Parse(status::to_json(model).c_str());
  REQUIRE_FALSE(document.HasParseError());
  return document;
}

std::shared_ptr<wsflow::presence::Search> search(bool over) {
  auto made = std::make_shared<wsflow::presence::Search>("a<b");
  made->found.push_back({.name = "online",
                         .route = "",
                         .key = "a<b>",
                         .joined = 1'700'000'000'000'000,
                         .ended = 0,
                         .sockets = 1,
                         .most = 2,
                         .bytes = 3});
  made->over = over;
  return made;
}

}  // namespace

TEST_CASE("the JSON tells of presence here, of the store, and of all nodes", "[presence]") {
  const auto json = parsed(counting());
  const auto& presence = json["presence"];
  CHECK(presence["keys"].GetUint64() == 7);
  CHECK(presence["sockets"].GetUint64() == 9);
  CHECK(presence["waiting"].GetUint64() == 3);
  CHECK(presence["lag_s"].GetDouble() == 2.5);
  CHECK(presence["failing"].GetUint64() == 1);
  CHECK(std::string(presence["store"]["driver"].GetString()) == "pgsql");
  CHECK(std::string(presence["store"]["node"].GetString()) == "web1");
  CHECK(std::string(presence["store"]["error"].GetString()) == "refused <it>");
  CHECK(presence["store"]["stored_at"].IsNull());
  CHECK(presence["store"]["asked_at"].IsString());
  CHECK(presence["cluster"]["keys"].GetUint64() == 11);
  CHECK(presence["cluster"]["sockets"].GetUint64() == 12);
  REQUIRE(presence["nodes"].Size() == 2);
  CHECK(presence["nodes"][0]["lease_left_s"].GetDouble() == 20);
  CHECK(presence["nodes"][1]["renewed"].IsNull());
  CHECK_FALSE(presence.HasMember("found"));
}

TEST_CASE("without presence its object has zeros", "[presence]") {
  const auto json = parsed(test::status_model());
  CHECK(json["presence"]["keys"].GetUint64() == 0);
  CHECK(json["presence"]["store"].IsNull());
  CHECK(json["presence"]["nodes"].Size() == 0);
  CHECK(status::presence(test::status_model()).empty());
}

TEST_CASE("what a search has found is shown when it is over, and else why not", "[presence]") {
  auto model = counting();
  model.presence.search = search(true);
  auto json = parsed(model);
  REQUIRE(json["presence"]["found"].Size() == 1);
  CHECK(std::string(json["presence"]["found"][0]["key"].GetString()) == "a<b>");
  CHECK(json["presence"]["found"][0]["ended"].IsNull());
  CHECK(json["presence"]["found_error"].IsNull());
  CHECK(status::presence(model).find("a&lt;b&gt;") != std::string::npos);
  model.presence.search = search(false);
  json = parsed(model);
  CHECK(json["presence"]["found"].Size() == 0);
  CHECK(std::string(json["presence"]["found_error"].GetString()) == status::kNoAnswer);
  CHECK(status::presence(model).find(status::kNoAnswer) != std::string::npos);
}

TEST_CASE("the page says what is wrong with the store, and escapes what it shows", "[presence]") {
  const auto page = status::presence(counting());
  CHECK(page.find("1 process cannot use the store: refused &lt;it&gt;") != std::string::npos);
  CHECK(page.find("it owes an answer since") != std::string::npos);
  CHECK(page.find("web&lt;1&gt;") != std::string::npos);
  CHECK(page.find("over</td>") != std::string::npos);
  CHECK(page.find("<it>") == std::string::npos);
  auto well = counting();
  well.presence.failing = 0;
  well.presence.store->failing = false;
  well.presence.store->asked_at = 0;
  CHECK(status::presence(well).find("class=\"bad\"") == std::string::npos);
}
