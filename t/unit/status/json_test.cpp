#include "mod_wsflow/status/json.hpp"

#include <rapidjson/document.h>

#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "t/unit/support/status_model.hpp"

using namespace wsflow;

namespace {

rapidjson::Document parsed(const status::Model& model) {
  rapidjson::Document document;
  document.Parse(status::to_json(model).c_str());
  REQUIRE_FALSE(document.HasParseError());
  REQUIRE(document.IsObject());
  return document;
}

}  // namespace

TEST_CASE("the JSON says what the model holds", "[json]") {
  const auto model = test::status_model();
  const auto json = parsed(model);
  CHECK(std::string(json["version"].GetString()) == model.version);
  CHECK(std::string(json["server"].GetString()) == model.server);
  CHECK(json["generation"].GetUint() == 4);
  CHECK(std::string(json["nonce"].GetString()) == model.nonce);

  const auto& tunnels = json["tunnels"];
  CHECK(tunnels["active"].GetUint64() == 10 + 1 + 11 + 2);
  CHECK(tunnels["active_worker"].GetUint64() == 3);
  CHECK(tunnels["total"].GetUint64() == model.snapshot.sums[metrics::kTunnelsOpened]);
  CHECK(tunnels["total_worker"].GetUint64() == model.snapshot.sums[metrics::kTunnelsOpenedWorker]);
  CHECK(tunnels["not_websocket"].GetUint64() == model.snapshot.sums[metrics::kNotWebSocket]);
}

TEST_CASE("the keys of the JSON keep their order", "[json]") {
  const auto text = status::to_json(test::status_model());
  std::size_t at = 0;
  for (const char* key : {"version",
                          "tunnels",
                          "active",
                          "active_worker",
                          "total",
                          "total_worker",
                          "refused",
                          "refused_by",
                          "ended",
                          "not_websocket",
                          "origin_reports",
                          "connections_passed",
                          "relayed",
                          "client_to_origin",
                          "bytes",
                          "messages",
                          "frames",
                          "close_codes",
                          "pings",
                          "sent",
                          "measured",
                          "rtt_mean_ms",
                          "handshake_ms",
                          "lifetime_s",
                          "acquire_wait_ms",
                          "rates",
                          "log",
                          "keepers",
                          "limits",
                          "routes",
                          "members",
                          "processes",
                          "connections"}) {
    INFO(key);
    at = text.find("\"" + std::string(key) + "\":", at);
    REQUIRE(at != std::string::npos);
  }
}

TEST_CASE("the JSON names every outcome and refusal, and the refusals add up", "[json]") {
  const auto model = test::status_model();
  const auto json = parsed(model);
  const auto& ended = json["tunnels"]["ended"];
  REQUIRE(ended.MemberCount() == base::kOutcomes);
  for (std::size_t i = 0; i < base::kOutcomes; ++i) {
    CHECK(ended[base::name(static_cast<base::Outcome>(i))].GetUint64() ==
          model.snapshot.sums[metrics::kTunnelsEnded.first + i]);
  }
  const auto& refused = json["tunnels"]["refused_by"];
  REQUIRE(refused.MemberCount() == base::kHandshakeRefusals);
  std::uint64_t sum = 0;
  for (const auto& member : refused.GetObject()) sum += member.value.GetUint64();
  CHECK(json["tunnels"]["refused"].GetUint64() == sum);
}

TEST_CASE("the JSON has bytes, messages and frames of each direction", "[json]") {
  const auto model = test::status_model();
  const auto json = parsed(model);
  const auto& back = json["relayed"]["origin_to_client"];
  CHECK(back["bytes"].GetUint64() ==
        model.snapshot.sums[metrics::kBytes(metrics::Direction::origin_to_client)]);
  CHECK(back["messages"].GetUint64() ==
        model.snapshot.sums[metrics::kMessages(metrics::Direction::origin_to_client)]);
  REQUIRE(back["frames"].MemberCount() == metrics::kOpcodeClasses);
  CHECK(back["frames"]["reserved"].GetUint64() ==
        model.snapshot
            .sums[metrics::kFrames(metrics::Direction::origin_to_client, metrics::OpcodeClass::reserved)]);
  CHECK(json["relayed"].HasMember("client_to_origin"));
}

TEST_CASE("the JSON has close codes by sender, without those that nobody sent", "[json]") {
  auto model = test::status_model();
  model.snapshot.sums[metrics::kCloses(metrics::Direction::client_to_origin, metrics::close_class(1001))] = 0;
  const auto json = parsed(model);
  const auto& codes = json["close_codes"];
  CHECK(codes["client"]["1000"].GetUint64() ==
        model.snapshot
            .sums[metrics::kCloses(metrics::Direction::client_to_origin, metrics::close_class(1000))]);
  CHECK_FALSE(codes["client"].HasMember("1001"));
  CHECK(codes["origin"]["other"].GetUint64() ==
        model.snapshot.sums[metrics::kCloses(metrics::Direction::origin_to_client, metrics::close_class(0))]);
}

TEST_CASE("the JSON has pings by peer, with the mean of their times", "[json]") {
  auto model = test::status_model();
  const auto first = metrics::ping_rtt(metrics::Direction::client_to_origin);
  for (std::size_t i = 0; i < metrics::kRttCounters; ++i) model.snapshot.sums[first + i] = 0;
  CHECK(parsed(model)["pings"]["client"]["rtt_mean_ms"].GetUint64() == 0);
  model.snapshot.sums[first] = 1;
  model.snapshot.sums[first + metrics::kRttBuckets - 1] = 2;
  model.snapshot.sums[first + metrics::kRttBuckets] = 30'002;
  model.snapshot.sums[metrics::kPings(metrics::Direction::origin_to_client)] = 7;
  const auto json = parsed(model);
  CHECK(json["pings"]["client"]["measured"].GetUint64() == 3);
  CHECK(json["pings"]["client"]["rtt_mean_ms"].GetUint64() == 10'000);
  CHECK(json["pings"]["origin"]["sent"].GetUint64() == 7);
}

TEST_CASE("the JSON has a row for each process", "[json]") {
  const auto model = test::status_model();
  const auto json = parsed(model);
  const auto& processes = json["processes"];
  REQUIRE(processes.Size() == 2);
  CHECK(processes[1]["pid"].GetUint() == 101);
  CHECK(processes[1]["generation"].GetUint() == 4);
  CHECK(processes[1]["started"].GetInt64() == 1700000001);
  CHECK(processes[1]["tunnels_active"].GetUint64() == 13);
  CHECK(processes[1]["tunnels_active_worker"].GetUint64() == 2);
  CHECK(processes[1]["tunnels_max"].GetUint64() == 9000);
  CHECK(processes[1]["buffered"].GetUint64() == 65537);
  CHECK(processes[1]["client_to_origin"]["bytes"].GetUint64() ==
        metrics::kBytes(metrics::Direction::client_to_origin) + 1);
}

TEST_CASE("the JSON tells children from keepers", "[json]") {
  const auto json = parsed(test::status_model());
  CHECK(json["keepers"].GetUint64() == 1);
  CHECK(std::string(json["processes"][0]["kind"].GetString()) == "child");
  CHECK(std::string(json["processes"][1]["kind"].GetString()) == "keeper");
}

TEST_CASE("the JSON has the tunnels that were asked for", "[json]") {
  const auto json = parsed(test::status_model());
  CHECK(json["connections_total"].GetUint64() == 77);
  CHECK(json["connections_matched"].GetUint64() == 66);
  REQUIRE(json["connections"].Size() == 2);
  const auto& tunnel = json["connections"][0];
  CHECK(std::string(tunnel["id"].GetString()) == "00000000000000ab");
  CHECK(tunnel["pid"].GetUint() == 101);
  CHECK(std::string(tunnel["kind"].GetString()) == "keeper");
  CHECK(tunnel["generation"].GetUint() == 4);
  CHECK(std::string(tunnel["client"].GetString()) == "192.0.2.1:4711");
  CHECK(std::string(tunnel["server"].GetString()) == "www.example.org");
  CHECK(std::string(tunnel["route"].GetString()) == "/chat");
  CHECK(std::string(tunnel["origin"].GetString()) == "ws://127.0.0.1:9000");
  CHECK(std::string(tunnel["started"].GetString()) == "2023-11-14T22:13:20.000Z");
  CHECK(tunnel["age_seconds"].GetUint64() == 90);
  CHECK(tunnel["idle_seconds"].GetUint64() == 10);
  CHECK(std::string(tunnel["user"].GetString()) == "alice");
  CHECK(std::string(tunnel["keys"][0]["key"].GetString()) == "192.0.2.1");
  CHECK(tunnel["bytes_from_client"].GetUint64() == 1001);
  CHECK(tunnel["bytes_from_origin"].GetUint64() == 2002);
  CHECK(tunnel["messages_from_client"].GetUint64() == 11);
  CHECK(tunnel["messages_from_origin"].GetUint64() == 22);
  CHECK(tunnel["rtt_client_ms"].GetUint() == 23);
  CHECK(tunnel["rtt_origin_ms"].IsNull());
  CHECK(json["connections"][1]["rtt_origin_ms"].GetUint() == 0);
  CHECK(tunnel["tls_client"].GetBool());
  CHECK_FALSE(tunnel["tls_origin"].GetBool());
  CHECK(std::string(tunnel["mode"].GetString()) == "worker");
  CHECK(std::string(json["connections"][1]["mode"].GetString()) == "engine");
  CHECK(std::string(tunnel["state"].GetString()) == "slow-client");
}

TEST_CASE("the JSON has no user and no keys where none are shown", "[json]") {
  auto model = test::status_model();
  model.connections.tunnels[0].user.clear();
  model.keys[0].clear();
  const auto json = parsed(model);
  CHECK(json["connections"][0]["user"].IsNull());
  CHECK(json["connections"][0]["keys"].Empty());
}

TEST_CASE("the JSON has the members of balancers", "[json]") {
  const auto json = parsed(test::status_model());
  REQUIRE(json["members"].Size() == 3);
  const auto& back = json["members"][0];
  CHECK(back["balancer"] == "balancer://pool");
  CHECK(back["worker"] == "ws://127.0.0.1:9000");
  CHECK(back["tunnels"].GetUint64() == 40);
  CHECK(back["requests"].GetUint64() == 3);
  CHECK(back["elsewhere"].GetUint64() == 41);
  CHECK(back["in_use"].GetBool());
  CHECK(back["in_use_s"].GetUint64() == 12);
  CHECK_FALSE(json["members"][1]["in_use"].GetBool());
  CHECK(json["members"][1]["in_use_s"].IsNull());
  CHECK(json["members"][2]["in_use"].GetBool());
  CHECK(json["members"][2]["in_use_s"].IsNull());
}

TEST_CASE("the JSON has the routes", "[json]") {
  const auto json = parsed(test::status_model());
  REQUIRE(json["routes"].Size() == 3);
  CHECK(json["routes"][0]["origin"].IsNull());
  CHECK(json["routes"][0]["refused"].GetUint64() == 5);
  CHECK(json["routes"][0]["drained"].GetBool());
  const auto& route = json["routes"][1];
  CHECK(std::string(route["server"].GetString()) == "www.example.org");
  CHECK(std::string(route["route"].GetString()) == "/chat");
  CHECK(std::string(route["origin"].GetString()) == "ws://127.0.0.1:9000");
  CHECK(route["active"].GetUint64() == 2);
  CHECK(route["opened"].GetUint64() == 40);
  CHECK(route["handshake_mean_ms"].GetDouble() == 12.5);
  CHECK(route["bytes_from_client"].GetUint64() == 5001);
  CHECK(route["messages_from_origin"].GetUint64() == 62);
}

TEST_CASE("the JSON has the rates of the last seconds, and the history if it is wanted", "[json]") {
  auto model = test::status_model();
  CHECK_FALSE(parsed(model).HasMember("history"));
  model.history_wanted = true;
  const auto json = parsed(model);
  const auto& now = json["rates"]["last_10s"];
  CHECK(now["seconds"].GetDouble() == 10);
  CHECK(now["opened_per_s"].GetDouble() == 2);
  CHECK(now["refused_per_s"].GetDouble() == 1);
  CHECK(now["limit_refused_per_s"].GetDouble() == 3);
  CHECK(now["joins_per_s"].GetDouble() == 4);
  CHECK(now["leaves_per_s"].GetDouble() == 5);
  CHECK(now["bytes_from_client_per_s"].GetDouble() == 200'000);
  CHECK(now["bytes_from_origin_per_s"].GetDouble() == 400'000);
  CHECK(now["handshake_p50_ms"].GetDouble() == 37.5);
  CHECK(json["rates"]["last_60s"]["seconds"].GetDouble() == 60);
  REQUIRE(json["history"].Size() == model.history.size() - 1);
  const auto& last = json["history"][json["history"].Size() - 1];
  CHECK(std::string(last["until"].GetString()) == "2023-11-14T22:14:50.500Z");
  CHECK(last["active"].GetDouble() == 24);
  CHECK(last["seconds"].GetDouble() == 5);
}

TEST_CASE("the JSON says how times are spread", "[json]") {
  auto model = test::status_model();
  auto* times = model.snapshot.sums.data() + metrics::kHandshakeTimes;
  std::fill_n(times, metrics::kHandshakes.counters(), 0);
  CHECK(parsed(model)["handshake_ms"]["mean"].GetDouble() == 0);
  times[metrics::bucket(metrics::kHandshakes, 50'000)] = 4;  // 25 to 50 ms
  times[metrics::kHandshakeBuckets] = 150'000;
  const auto json = parsed(model);
  CHECK(json["handshake_ms"]["count"].GetUint64() == 4);
  CHECK(json["handshake_ms"]["mean"].GetDouble() == 37.5);
  CHECK(json["handshake_ms"]["p50"].GetDouble() == 37.5);
  CHECK(json["lifetime_s"]["p99"].GetDouble() <= 86'400);
  CHECK(json["acquire_wait_ms"]["count"].GetUint64() > 0);
  CHECK(json["acquire_wait_ms"]["p99"].GetDouble() <= 2000);  // the longest: its class ends at 60 s
  CHECK(json["log"]["lost"].GetUint64() == model.snapshot.sums[metrics::kLogLinesLost]);
}

TEST_CASE("what a client says is text in the JSON and nothing else", "[json]") {
  const auto text = status::to_json(test::status_model());
  rapidjson::Document json;
  json.Parse<rapidjson::kParseValidateEncodingFlag>(text.c_str());
  REQUIRE_FALSE(json.HasParseError());
  const auto& tunnel = json["connections"][1];
  const std::string told = "</script>\"\\\n\x01<&'\xEF\xBF\xBD\xEF\xBF\xBD";
  for (const auto* key : {"client", "server", "route", "origin", "user"})
    CHECK(tunnel[key].GetString() == told);
  CHECK(tunnel["keys"][0]["key"].GetString() == told);
  CHECK(json["routes"][2]["origin"].GetString() == told);
  CHECK(std::string(tunnel["id"].GetString()) == "ffffffffffffffff");
  CHECK(tunnel["age_seconds"].GetUint64() == 0);
  CHECK(text.find('\n') == std::string::npos);
}

TEST_CASE("ages do not go by the wall clock", "[json]") {
  auto model = test::status_model();
  model.now_us += GENERATE(-7'200'000'000, 7'200'000'000);
  const auto json = parsed(model);
  CHECK(json["connections"][0]["age_seconds"].GetUint64() == 90);
  CHECK(json["connections"][0]["idle_seconds"].GetUint64() == 10);
}

TEST_CASE("an empty model and the greatest numbers are JSON too", "[json]") {
  status::Model model;
  model.snapshot.sums = {};
  CHECK(parsed(model)["processes"].Empty());
  CHECK(parsed(model)["connections"].Empty());
  model.snapshot.sums[metrics::kBytes(metrics::Direction::client_to_origin)] =
      std::numeric_limits<std::uint64_t>::max();
  CHECK(parsed(model)["relayed"]["client_to_origin"]["bytes"].GetUint64() == UINT64_MAX);
}
