#include "mod_wsflow/programs/doctor/dump_reader.hpp"

#include <catch2/catch.hpp>

namespace wsflow::doctor {

namespace {

constexpr const char* kDump =
    R"({"version":"0.1.0","httpd":"Apache/2.4.71","server_root":"/r","pid_file":"/r/httpd.pid",
"config_file":"/r/httpd.conf","mpm_file":"/r/mpm.conf",
"mpm":{"name":"event","threads":true,"waits":true,"children":6,"server_limit":16,"threads_per_child":25,"start_servers":2,
"min_spare_threads":25,"max_spare_threads":75,"max_connections_per_child":0,"listen_backlog":511,
"async_request_worker_factor":2.5,"graceful_shutdown_timeout":0},
"module":{"threads":2,"max_tunnels":null,"max_handshakes":40,"max_buffered":1,"rows":262144,"tls_clients":true,
"tls_origins":false,"descriptors":8192},
"settings":[{"name":"MaxSpareThreads","value":"75","place":"/r/mpm.conf:3"}],
"servers":[],
"routes":[{"route":"WSFlowPass /a","server":"x","place":"/r/site.conf:9","source_addresses":2,"buffer":65536,
"times_ms":{"connect":5000,"handshake":60000,"idle":0,"stall":60000,"close":5000,"lifetime":0,"ping_client":45000,
"ping_origin":0,"ping_timeout":20000},
"origins":[{"url":"ws://127.0.0.1:9000","address":"127.0.0.1:9000","local":false,"max":20,"acquire_ms":1,"timeout_ms":0}],
"limits":["app"]},
{"route":"WSFlowPass /b","origins":[{"url":"ws://127.0.0.1:9000","address":"127.0.0.1:9000"}]}],
"unlimited_routes":1,
"limits":[{"name":"app","place":"/r/site.conf:2","concurrency":40,"acquire_ms":5000,"keyed":false,"routes":1},
{"name":"client","concurrency":3,"keyed":true,"routes":0}],
"limiting_modules":["mod_qos.c"],"limiting_lines":[{"module":"mod_qos.c","name":"QS_SrvMaxConn","value":"100","place":"q:1"}],
"piped_logs":["/r/site.conf:4"],"listen":["0.0.0.0:80"],"status_paths":["/wsflow-status"]})";

}  // namespace

TEST_CASE("a dump of the configuration") {
  const auto read = read_dump(kDump);
  REQUIRE(read);
  const auto& dump = **read;
  CHECK(dump.pid_file == "/r/httpd.pid");
  CHECK(dump.mpm == "event");
  const auto& facts = dump.facts;
  CHECK(facts.children == 6);
  CHECK(facts.threads_per_child == 25);
  CHECK(facts.start_servers == 2);
  CHECK(facts.max_spare_threads == 75);
  CHECK(facts.async_factor == 2.5);
  CHECK(facts.loops == 2);
  CHECK_FALSE(facts.max_tunnels);
  CHECK(facts.max_handshakes == 40);
  CHECK(facts.tls_clients);
  CHECK(facts.descriptors == 8192);
  CHECK(facts.routes == 2);
  CHECK(facts.unlimited_routes == 1);
  REQUIRE(capacity::setting(facts, "MaxSpareThreads") != nullptr);
  CHECK(capacity::setting(facts, "MaxSpareThreads")->place == "/r/mpm.conf:3");
  // Two routes to one address share its ports.
  REQUIRE(facts.origins.size() == 1);
  CHECK(facts.origins.front().sources == 2);
  REQUIRE(facts.limits.size() == 1);
  CHECK(facts.limits.front().concurrency == 40);
  REQUIRE(dump.routes.size() == 2);
  CHECK(dump.routes.front().times.handshake == 60'000);
  CHECK(dump.routes.front().origins.front().most == 20);
  CHECK(dump.acquires.front().second == 5000);
  CHECK(dump.limiting_lines.front().name == "QS_SrvMaxConn");
  CHECK(dump.piped_logs.size() == 1);
}

TEST_CASE("what is no dump is refused with what is wrong") {
  CHECK(read_dump("").wrong().starts_with("the dump is no JSON"));
  CHECK(read_dump("{").wrong().starts_with("the dump is no JSON"));
  CHECK(read_dump("[]").wrong() == "the dump is no JSON object");
  CHECK(read_dump("{}").wrong().starts_with("the dump has no \"mpm\""));
  CHECK(read_dump(R"({"mpm":{}})").wrong().starts_with("the dump has no \"module\""));
  CHECK(read_dump(R"({"mpm":{},"module":{}})").wrong().starts_with("the dump has no \"version\""));
  CHECK(read_dump(std::string(100'000, '[')).wrong().starts_with("the dump is no JSON"));
}

TEST_CASE("values of other kinds are values that are missing") {
  const auto read =
      read_dump(R"({"version":"1","mpm":{"children":"6","threads_per_child":-1,"start_servers":1e3},
"module":{"threads":0,"descriptors":99999999999999999999},"routes":{"a":1},"limits":[1,null,"x"],"settings":[[]]})");
  REQUIRE(read);
  const auto& facts = (*read)->facts;
  CHECK(facts.children == 1);
  CHECK(facts.threads_per_child == 1);
  CHECK(facts.loops == 1);
  CHECK_FALSE(facts.start_servers);
  CHECK_FALSE(facts.descriptors);
  CHECK(facts.routes == 0);
}

}  // namespace wsflow::doctor
