#include "mod_wsflow/config/cluster_settings.hpp"

#include <catch2/catch.hpp>

using namespace wsflow;
using config::parse_cluster;

TEST_CASE("the database of a cluster has an address, a lease and a time-out", "[cluster_settings]") {
  const auto plain = parse_cluster(" redis://host ");
  REQUIRE(plain);
  CHECK(plain->url == "redis://host");
  CHECK(plain->lease == 10'000'000);
  CHECK(plain->timeout == 1'000'000);
  const auto full = parse_cluster("'unix:///a path' lease=1mi timeout=200ms");
  REQUIRE(full);
  CHECK(full->url == "unix:///a path");
  CHECK(full->lease == 60'000'000);
  CHECK(full->timeout == 200'000);
  CHECK(parse_cluster("redis://host lease=2s")->timeout == 500'000);
}

TEST_CASE("what is wrong with the database of a cluster is told without its address", "[cluster_settings]") {
  const auto text =
      GENERATE(as<std::string>{}, "", "redis://:secret@host lease=1s", "redis://:secret@host lease=11mi",
               "redis://:secret@host timeout=49ms", "redis://:secret@host lease=8s timeout=2001ms",
               "redis://:secret@host lease=8s lease=8s", "redis://:secret@host nodes=3",
               "redis://:secret@host lease", "\"redis://:secret@host");
  CAPTURE(text);
  const auto parsed = parse_cluster(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.wrong().find("secret") == std::string::npos);
  CHECK_FALSE(parsed.wrong().empty());
}
