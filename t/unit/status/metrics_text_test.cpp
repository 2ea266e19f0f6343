#include "mod_wsflow/status/metrics_text.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "t/unit/support/status_model.hpp"

using namespace wsflow;
using status::MetricsFormat;

namespace {

struct Read {
  std::map<std::string, std::string> samples;  // as written: name{labels}
  std::map<std::string, std::string> types;
  std::set<std::string> units;
  std::string last;  // line
};

// Fails the test on a sample that stands twice, or outside its family.
Read read(const std::string& text) {
  Read result;
  REQUIRE(text.back() == '\n');
  std::string family;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    INFO(line);
    result.last = line;
    std::istringstream words(line);
    std::string hash, what, name, rest;
    if (line[0] == '#') {
      words >> hash >> what >> name >> rest;
      if (what == "TYPE") CHECK(result.types.emplace(family = name, rest).second);
      if (what == "UNIT") CHECK(result.units.insert(name).second);
      if (what != "EOF") CHECK(name == family);
      continue;
    }
    const auto space = line.rfind(' ');
    CHECK(line.rfind(family, 0) == 0);
    CHECK(result.samples.emplace(line.substr(0, space), line.substr(space + 1)).second);
  }
  return result;
}

}  // namespace

TEST_CASE("both formats have every counter, gauge and limit", "[metrics_text]") {
  auto model = test::status_model();
  model.limits.push_back(test::shared_limit());
  model.limits.push_back(test::limit_with_shared_keys());
  model.cluster = {.answers = 41, .failures = 2, .keys = 3, .answer_ms = 0.5, .error = ""};
  const auto& sums = model.snapshot.sums;
  auto all = read(status::to_metrics(model, GENERATE(MetricsFormat::text, MetricsFormat::open)));
  const auto& samples = all.samples;
  CHECK(samples.at("wsflow_tunnels_active") == "24");
  CHECK(samples.at("wsflow_tunnels_total{outcome=\"client-eof\"}") ==
        std::to_string(sums[metrics::kTunnelsEnded(base::Outcome::client_eof)]));
  CHECK(samples.at("wsflow_handshakes_total{result=\"upgraded\"}") ==
        std::to_string(sums[metrics::kTunnelsOpened]));
  CHECK(samples.at("wsflow_handshakes_total{result=\"bad-key\"}") ==
        std::to_string(sums[metrics::kRefused(base::HandshakeRefusal::bad_key)]));
  CHECK(
      samples.at("wsflow_relayed_frames_total{direction=\"origin_to_client\",opcode=\"continuation\"}") ==
      std::to_string(
          sums[metrics::kFrames(metrics::Direction::origin_to_client, metrics::OpcodeClass::continuation)]));
  CHECK(samples.at("wsflow_close_codes_total{from=\"origin\",code=\"1001\"}") ==
        std::to_string(
            sums[metrics::kCloses(metrics::Direction::origin_to_client, metrics::close_class(1001))]));
  CHECK(samples.at("wsflow_build_info{version=\"1.2.3\"}") == "1");
  CHECK(samples.at("wsflow_processes{kind=\"keeper\"}") == "1");
  CHECK(samples.at("wsflow_tunnels_max") == "9000");
  CHECK(samples.at("wsflow_buffered_bytes") == "131073");
  CHECK(samples.at("wsflow_refusals_total{limit=\"app\",reason=\"queue-full\"}") == "12");
  CHECK(samples.at("wsflow_permits_in_use{limit=\"app\"}") == "18");
  CHECK(samples.at("wsflow_permits_limit{limit=\"app\"}") == "+Inf");
  CHECK(samples.at("wsflow_permits_key_limit{limit=\"app\"}") == "24");
  CHECK(samples.at("wsflow_permits_limit{limit=\"old\"}") == "4");
  CHECK(samples.count("wsflow_permits_key_limit{limit=\"old\"}") == 0);
  CHECK(samples.at("wsflow_permits_key_max_in_use{limit=\"app\"}") == "2");
  CHECK(samples.count("wsflow_permits_key_max_in_use{limit=\"old\"}") == 0);
  CHECK(samples.at("wsflow_start_time_seconds") == "1699996400");
  CHECK(samples.at("wsflow_descriptors_open") == "81");
  CHECK(samples.at("wsflow_descriptors_share") == "0.0400390625");
  CHECK(samples.at("wsflow_httpd_workers{state=\"busy\"}") == "7");
  CHECK(samples.at("wsflow_cluster_share{limit=\"wide\"}") == "17");
  CHECK(samples.at("wsflow_cluster_others{limit=\"wide\"}") == "70");
  CHECK(samples.at("wsflow_cluster_lease_seconds{limit=\"wide\"}") == "6.5");
  CHECK(samples.count("wsflow_cluster_share{limit=\"app\"}") == 0);
  CHECK(samples.count("wsflow_cluster_share{limit=\"each\"}") == 0);
  CHECK(samples.at("wsflow_cluster_keys{limit=\"each\"}") == "12");
  CHECK(samples.at("wsflow_cluster_keys_asked_total{limit=\"each\"}") == "34");
  CHECK(samples.at("wsflow_cluster_keys_denied_total{limit=\"each\"}") == "5");
  CHECK(samples.count("wsflow_cluster_keys{limit=\"wide\"}") == 0);
  CHECK(samples.at("wsflow_cluster_answers_total") == "41");
  CHECK(samples.at("wsflow_cluster_failures_total") == "2");
  for (std::size_t i = 0; i < metrics::kReadings; ++i) {
    const std::string name = metrics::readings()[i].metric;
    INFO(name);
    CHECK(samples.lower_bound(name)->first.rfind(name, 0) == 0);
  }
}

TEST_CASE("a histogram adds up to its count and has its sum in seconds", "[metrics_text]") {
  auto model = test::status_model();
  auto* times = model.snapshot.sums.data() + metrics::kHandshakeTimes;
  std::fill_n(times, metrics::kHandshakes.counters(), 0);
  times[0] = 3;
  times[3] = 4;
  times[metrics::kHandshakeBuckets - 1] = 5;
  times[metrics::kHandshakeBuckets] = 12'345'678;
  auto samples = read(status::to_metrics(model, MetricsFormat::open)).samples;
  CHECK(samples["wsflow_handshake_seconds_bucket{le=\"0.001\"}"] == "3");
  CHECK(samples["wsflow_handshake_seconds_bucket{le=\"0.005\"}"] == "7");
  CHECK(samples["wsflow_handshake_seconds_bucket{le=\"1.0\"}"] == "7");
  CHECK(samples["wsflow_handshake_seconds_bucket{le=\"30.0\"}"] == "7");
  CHECK(samples["wsflow_handshake_seconds_bucket{le=\"+Inf\"}"] == "12");
  CHECK(samples["wsflow_handshake_seconds_count"] == "12");
  CHECK(samples["wsflow_handshake_seconds_sum"] == "12.345678");
  CHECK(samples.count("wsflow_ping_rtt_seconds_bucket{peer=\"origin\",le=\"0.25\"}") == 1);
  CHECK(samples.count("wsflow_tunnel_seconds_bucket{le=\"86400.0\"}") == 1);
}

TEST_CASE("each format names families in its own way", "[metrics_text]") {
  const auto model = test::status_model();
  auto open = read(status::to_metrics(model, MetricsFormat::open));
  CHECK(open.types["wsflow_tunnels"] == "counter");
  CHECK(open.types["wsflow_build"] == "info");
  CHECK(open.types["wsflow_handshake_seconds"] == "histogram");
  CHECK(open.units == std::set<std::string>{
                          "wsflow_relayed_bytes", "wsflow_buffered_bytes", "wsflow_presence_lag_seconds",
                          "wsflow_handshake_seconds", "wsflow_tunnel_seconds", "wsflow_ping_rtt_seconds",
                          "wsflow_start_time_seconds", "wsflow_route_handshake_seconds", "wsflow_route_bytes",
                          "wsflow_acquire_wait_seconds", "wsflow_cluster_lease_seconds"});
  CHECK(open.last == "# EOF");
  auto text = read(status::to_metrics(model, MetricsFormat::text));
  CHECK(text.types["wsflow_tunnels_total"] == "counter");
  CHECK(text.types["wsflow_build_info"] == "gauge");
  CHECK(text.units.empty());
  CHECK(text.samples == open.samples);
}

TEST_CASE("a name is a value of a label and nothing else", "[metrics_text]") {
  auto model = test::status_model();
  model.limits[0].name = test::kHostile;
  const auto samples = read(status::to_metrics(model, MetricsFormat::text)).samples;
  CHECK(samples.count(
            "wsflow_permits_waiting{limit=\"</script>\\\"\\\\\\n\x01<&'\xEF\xBF\xBD\xEF\xBF\xBD\"}") == 1);
}
