#include "mod_wsflow/status/json_limits.hpp"

#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "mod_wsflow/status/json.hpp"
#include "mod_wsflow/status/limit_text.hpp"
#include "t/unit/support/status_model.hpp"

using namespace wsflow;

namespace {

rapidjson::Document parsed(const std::string& text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(text.c_str());
  REQUIRE_FALSE(document.HasParseError());
  REQUIRE(document.IsObject());
  return document;
}

// The first limit of the whole status.
rapidjson::Document busy() {
  return parsed(status::to_json(test::status_model()));
}

}  // namespace

TEST_CASE("the JSON has what is configured of a limit and what is in force", "[json_limits]") {
  const auto json = busy();
  REQUIRE(json["limits"].Size() == 2);
  const auto& limit = json["limits"][0];
  CHECK(std::string(limit["name"].GetString()) == "app");
  CHECK(limit["configured"].GetBool());
  CHECK(std::string(limit["applies"].GetString()) == "tunnels");
  CHECK(limit["concurrency"]["configured"].GetUint() == 20);
  CHECK(limit["concurrency"]["now"].GetUint() == 24);
  CHECK(limit["queue"]["configured"].GetUint() == 40);
  CHECK(limit["queue"]["now"].GetUint() == 41);
  CHECK(limit["rate"]["configured"].GetDouble() == 10);
  CHECK(limit["rate"]["now"].GetDouble() == 0.5);
  CHECK(limit["burst"]["now"].GetUint() == 11);
  CHECK(limit["acquire_ms"].GetUint64() == 2000);
  CHECK(limit["ramp_ms"].GetUint64() == 30'000);
  CHECK(limit["ramp_share"].GetDouble() == 0.55);
  CHECK_FALSE(limit["dry_run"].GetBool());
  CHECK(limit["keyed"].GetBool());
  CHECK(limit["keys_max"].GetUint() == 10'000);
}

TEST_CASE("the JSON tells how concurrency=auto has decided, where it does", "[json_limits]") {
  const auto json = busy();
  const auto& automatic = json["limits"][0]["concurrency"]["auto"];
  CHECK(automatic["min"].GetUint() == 5);
  CHECK(automatic["max"].GetUint() == 50);
  const auto& decided = automatic["decided"];
  CHECK(std::string(decided["why"].GetString()) == "slower");
  CHECK(decided["before"].GetUint() == 25);
  CHECK(decided["after"].GetUint() == 24);
  CHECK(decided["recent_ms"].GetDouble() == 300);
  CHECK(decided["usual_ms"].GetDouble() == 150.5);
  CHECK(decided["ratio"].GetDouble() == 0.75);
  CHECK_FALSE(json["limits"][1]["concurrency"].HasMember("auto"));
  CHECK_FALSE(json["limits"][1]["configured"].GetBool());
}

TEST_CASE("the JSON counts a limit's requests, and the reasons add up", "[json_limits]") {
  const auto json = busy();
  const auto& limit = json["limits"][0];
  CHECK(limit["in_use"].GetUint() == 18);
  CHECK(limit["waiting"].GetUint() == 3);
  CHECK(limit["peak"].GetUint() == 7);
  CHECK(limit["arrivals"].GetUint64() == 5000);
  CHECK(limit["admitted"].GetUint64() == 4600);
  CHECK(limit["waited"].GetUint64() == 212);
  CHECK(limit["released"].GetUint64() == 4582);
  CHECK(limit["dry_refused"].GetUint64() == 99);
  CHECK(limit["keys"].GetUint() == 2);
  CHECK(limit["keys_ignored"].GetUint64() == 98);
  const auto& reasons = limit["refused_by"];
  REQUIRE(reasons.MemberCount() == limits::kReasons);
  CHECK(reasons["concurrency"].GetUint64() == 10);
  CHECK(reasons["unavailable"].GetUint64() == 17);
  std::uint64_t sum = 0;
  for (const auto& reason : reasons.GetObject()) sum += reason.value.GetUint64();
  CHECK(limit["refused"].GetUint64() == sum);
}

TEST_CASE("the JSON has what was measured, and says what it means", "[json_limits]") {
  const auto json = busy();
  const auto& limit = json["limits"][0];
  CHECK(limit["measured"]["arrivals_per_s"].GetDouble() == 20.1);
  CHECK(limit["measured"]["held_mean_s"].GetDouble() == 1.14);
  CHECK(limit["measured"]["held_p95_s"].GetDouble() == 1.9);
  CHECK(limit["measured"]["need"].GetDouble() == 22.914);
  CHECK(std::string(limit["advice"].GetString()) ==
        "needs about 23 permits for all keys together (mean of 55 s: 18.2 held and 4.66 for the refused; now "
        "21, at "
        "most 24 at a time)");
  CHECK(limit["measured"]["need_known"].GetBool());
  CHECK(limit["measured"]["in_use_most"].GetUint() == 24);
  CHECK(limit["measured"]["in_use_mean"].GetDouble() == 18.25);
  CHECK(limit["measured"]["refused_mean"].GetDouble() == 4.664);
  CHECK(limit["measured"]["window_s"].GetDouble() == 55);
  CHECK_FALSE(json["limits"][1]["measured"]["need_known"].GetBool());
  CHECK(limit["wait_s"]["count"].GetUint64() == 100);
  CHECK(limit["wait_s"]["p50"].GetDouble() == Approx(0.4).epsilon(0.2));
  CHECK(json["limits"][1]["wait_s"]["p99"].GetDouble() == 0);
  CHECK(std::string(json["limits"][1]["advice"].GetString()) == "nothing measured yet");
}

TEST_CASE("the key of a client is text in the JSON and nothing else", "[json_limits]") {
  const auto text = status::to_json(test::status_model());
  const auto json = parsed(text);
  const auto& keys = json["limits"][0]["top_keys"];
  REQUIRE(keys.Size() == 2);
  CHECK(std::string(keys[0]["key"].GetString()) == "</script>\"\\\n\x01<&'\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(keys[0]["in_use"].GetUint() == 2);
  CHECK(keys[0]["waiting"].GetUint() == 1);
  CHECK(keys[0]["peak"].GetUint() == 7);
  CHECK(keys[0]["admitted"].GetUint64() == 50);
  CHECK(keys[0]["refused"].GetUint64() == 6);
  CHECK(std::string(keys[1]["key"].GetString()) == "#00000000000000cd");
  CHECK(text.find('\n') == std::string::npos);
}

TEST_CASE("numbers that are none make no broken JSON", "[json_limits]") {
  auto view = test::idle_limit();
  view.held_mean = std::numeric_limits<double>::quiet_NaN();
  view.need.permits = std::numeric_limits<double>::infinity();
  view.name = test::kHostile;
  const auto json = parsed(status::to_json(view));
  CHECK(json["ok"].GetBool());
  CHECK(json["limit"]["measured"]["need"].GetDouble() == 0);
  CHECK(std::string(json["limit"]["advice"].GetString()) == "nothing measured yet");
}

TEST_CASE("an error is JSON whatever it quotes", "[json_limits]") {
  const auto json = parsed(status::to_json_error(test::kHostile));
  CHECK_FALSE(json["ok"].GetBool());
  CHECK(std::string(json["error"].GetString()).find("</script>\"") == 0);
}

TEST_CASE("numbers are written as people write them", "[json_limits]") {
  CHECK(status::decimal(20) == "20");
  CHECK(status::decimal(1.144) == "1.14");
  CHECK(status::decimal(12345.6) == "12346");
  CHECK(status::decimal(0) == "0");
  CHECK(status::rate_text(0) == "off");
  CHECK(status::rate_text(10) == "10/s");
  CHECK(status::rate_text(1.0 / 60) == "0.0166667/s");
}

TEST_CASE("the JSON has this node's part of a limit that nodes share", "[json_limits]") {
  auto model = test::status_model();
  CHECK_FALSE(busy()["limits"][0].HasMember("cluster"));
  model.limits.insert(model.limits.begin(), test::shared_limit());
  model.cluster = {.answers = 41, .failures = 2, .keys = 3, .answer_ms = 0.5, .error = test::kHostile};
  const auto json = parsed(status::to_json(model));
  const auto& cluster = json["limits"][0]["cluster"];
  CHECK(std::string(cluster["name"].GetString()) == "all");
  CHECK(cluster["share"].GetUint() == 17);
  CHECK(cluster["others"].GetUint() == 70);
  CHECK(cluster["of"].GetUint() == 90);
  CHECK(cluster["lacking"].GetUint() == 5);
  CHECK(cluster["rate_share"].GetDouble() == 30);
  CHECK(cluster["rate_of"].GetDouble() == 50);
  CHECK(cluster["units"].GetUint() == 30);
  CHECK(cluster["units_others"].GetUint() == 15);
  CHECK(cluster["units_of"].GetUint() == 50);
  CHECK(cluster["nodes"].GetUint() == 2);
  CHECK(cluster["floor"].GetUint() == 3);
  CHECK_FALSE(cluster["by_floor"].GetBool());
  CHECK_FALSE(cluster["settling"].GetBool());
  CHECK(cluster["lease_left_ms"].GetUint() == 6500);
  CHECK(json["cluster"]["answers"].GetUint() == 41);
  CHECK(json["cluster"]["failures"].GetUint() == 2);
  CHECK(json["cluster"]["keys"].GetUint() == 3);
  CHECK(json["cluster"]["answer_ms"].GetDouble() == 0.5);
  CHECK(json["cluster"]["error"].IsString());
  CHECK(parsed(status::to_json(test::status_model()))["cluster"]["error"].IsNull());
  model.limits.insert(model.limits.begin(), test::limit_with_shared_keys());
  const auto keyed = parsed(status::to_json(model));
  const auto& each = keyed["limits"][0]["cluster"];
  CHECK(each["keys_shared"].GetUint() == 12);
  CHECK(each["keys_asked"].GetUint() == 34);
  CHECK(each["keys_denied"].GetUint() == 5);
  CHECK(each["of"].GetUint() == 90);
  CHECK_FALSE(each.HasMember("share"));
}
