#include "mod_wsflow/status/json_capacity.hpp"

#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <string>

#include "mod_wsflow/status/html.hpp"
#include "mod_wsflow/status/json.hpp"
#include "t/unit/support/status_model.hpp"

using namespace wsflow;

namespace {

// Two children are kept, which carry 7,820 tunnels; MaxSpareThreads is too low.
status::Model model() {
  auto model = test::status_model();
  auto& facts = model.capacity.emplace();
  facts.children = 6;
  facts.threads_per_child = 25;
  facts.start_servers = 2;
  facts.max_spare_threads = 75;
  facts.descriptors = 8192;
  facts.max_orphans = 131072;
  return model;
}

rapidjson::Document parsed(const status::Model& model) {
  rapidjson::Document json;
  json.Parse(status::to_json(model).c_str());
  REQUIRE(json.IsObject());
  return json;
}

}  // namespace

TEST_CASE("the JSON has the capacity, what comes first standing first", "[json]") {
  const auto json = parsed(model());
  const auto& capacity = json["capacity"];
  CHECK(capacity["carried"].GetUint() == 7820);
  CHECK(std::string(capacity["first"].GetString()) == "descriptors");
  CHECK(capacity["children_kept"].GetUint() == 2);
  const auto& bounds = capacity["bounds"];
  REQUIRE(bounds.Size() == 3);
  CHECK(std::string(bounds[0]["bound"].GetString()) == "descriptors");
  CHECK(std::string(bounds[0]["effect"].GetString()) == "refuses");
  CHECK(bounds[0]["tunnels_at_most"].GetUint() == 7820);
  CHECK(std::string(bounds[1]["bound"].GetString()) == "spare-threads");
  CHECK(std::string(bounds[1]["effect"].GetString()) == "hurts");
  CHECK(std::string(bounds[2]["bound"].GetString()) == "orphans");
  CHECK(bounds[2]["because"].GetStringLength() > 0);
}

TEST_CASE("where no bound is known the JSON says null, and where nothing is known, nothing", "[json]") {
  auto some = model();
  *some.capacity = {};
  const auto json = parsed(some);
  CHECK(json["capacity"]["carried"].IsNull());
  CHECK(json["capacity"]["first"].IsNull());
  some.capacity.reset();
  CHECK_FALSE(parsed(some).HasMember("capacity"));
}

TEST_CASE("the page says which limit comes first and how far it is", "[html]") {
  auto some = model();
  const auto page = status::to_html(some, "0");
  const auto active = std::to_string(some.active());
  CHECK(page.find("<a href=\"#capacity\">") != std::string::npos);
  CHECK(page.find(active + " of 7,820 tunnels <meter min=\"0\" max=\"7820\" value=\"" + active) !=
        std::string::npos);
  CHECK(page.find("first come descriptors of a child") != std::string::npos);
  some.capacity.reset();
  CHECK(status::to_html(some, "0").find("id=\"capacity\"") == std::string::npos);
}
