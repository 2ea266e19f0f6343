#include "mod_wsflow/cluster/wire.hpp"

#include <catch2/catch.hpp>

#include "mod_wsflow/cluster/script.hpp"

using namespace wsflow;

TEST_CASE("a request has the keys first, then the node, and the numbers of each limit") {
  cluster::Request request{.node = {1, 0xAB}, .sequence = 7, .began = 0, .limits = {}};
  request.limits.push_back({.handle = {.number = {}, .serial = 9},
                            .cluster = "app",
                            .concurrency = 10,
                            .permits = 3,
                            .held = 2,
                            .permits_want = 5,
                            .permits_need = 4,
                            .burst = 20,
                            .units = 6,
                            .units_want = 8,
                            .units_need = 7,
                            .rate = 0.25});
  const auto words = cluster::words_of(request, {.lease = 2'500'000, .timeout = 1});
  CHECK(words == std::vector<std::string>{"{wsflow}:limit:app",
                                          "0000000000000001"
                                          "00000000000000ab",
                                          "7", "2500", "10", "3", "2", "5", "4", "20", "6", "8", "7", "0.25",
                                          "9"});
  CHECK(words.size() == 1 + 3 + cluster::kArguments);
}

TEST_CASE("an answer has the numbers of each limit, or is none") {
  const std::vector<std::string> good{"ok", "1", "2", "10", "5", "4", "1", "20", "8", "7", "0", "2.5"};
  std::vector<cluster::Told> told;
  REQUIRE(cluster::parse_answer(good, 1, told));
  REQUIRE(told.size() == 1);
  CHECK(told[0].settled);
  CHECK(told[0].nodes == 2);
  CHECK(told[0].concurrency == 10);
  CHECK(told[0].permits == 5);
  CHECK(told[0].others == 4);
  CHECK(told[0].permits_lacking == 1);
  CHECK(told[0].burst == 20);
  CHECK(told[0].units == 8);
  CHECK(told[0].unit_others == 7);
  CHECK(told[0].units_lacking == 0);
  CHECK(told[0].rate == 2.5);
  CHECK_FALSE(cluster::parse_answer(good, 2, told));
  CHECK_FALSE(cluster::parse_answer(std::vector<std::string>{"late"}, 1, told));
  CHECK_FALSE(cluster::parse_answer(std::vector<std::string>{}, 0, told));
  for (const auto* bad : {"", "-1", "x", "5x", "99999999999", "nan"}) {
    CAPTURE(bad);
    auto spoilt = good;
    spoilt[4] = bad;
    CHECK_FALSE(cluster::parse_answer(spoilt, 1, told));
    spoilt = good;
    spoilt[11] = bad;
    if (std::string(bad) != "99999999999") CHECK_FALSE(cluster::parse_answer(spoilt, 1, told));
  }
}
