#include "mod_wsflow/programs/doctor/status_reader.hpp"

#include <catch2/catch.hpp>

namespace wsflow::doctor {

TEST_CASE("the status of a server") {
  const auto status =
      read_status(R"({"tunnels":{"active":17,"active_worker":2,"refused_by":{"max-tunnels":3,"limit":0}},
"keepers":1,"processes":[{"pid":5,"kind":"child","tunnels_active":10,"tunnels_max":12},{"pid":6,"kind":"keeper"}],
"limits":[{"name":"app","concurrency":{"configured":4,"now":5},"in_use":5,"waiting":1,"refused":9,"keyed":false},
{"name":"client","concurrency":{"now":3},"in_use":40,"keyed":true,"top_keys":[{"in_use":2},{"in_use":3}]}]})");
  REQUIRE(status);
  CHECK(status->tunnels == 17);
  CHECK(status->on_workers == 2);
  CHECK(status->keepers == 1);
  REQUIRE(status->refused_by.size() == 1);
  CHECK(status->refused_by.front().first == "max-tunnels");
  REQUIRE(status->children.size() == 1);
  CHECK(status->children.front().most == 12);
  REQUIRE(status->limits.size() == 2);
  CHECK(status->limits[0].concurrency == 5);
  CHECK(status->limits[0].refused == 9);
  // Of a limit with keys, the fullest key.
  CHECK(status->limits[1].in_use == 3);
}

TEST_CASE("what is no status is refused") {
  CHECK(read_status("<html>").wrong().starts_with("the status is no JSON"));
  CHECK(read_status("{}").wrong().starts_with("the status has no \"tunnels\""));
}

}  // namespace wsflow::doctor
