#include "mod_wsflow/cluster/key_wire.hpp"

#include <catch2/catch.hpp>

#include "mod_wsflow/cluster/key_script.hpp"

using namespace wsflow;
using cluster::KeyAnswer;

TEST_CASE("a request for keys has the leases and the keys first, then the node and the numbers of each key") {
  cluster::KeyRequest request{.node = {1, 0xAB}, .sequence = 7, .began = 0, .keys = {}};
  request.keys.push_back({.handle = {},
                          .entry = {},
                          .key = {0x12, 0xEF},
                          .cluster = "app",
                          .size = 5,
                          .permits = 3,
                          .held = 2,
                          .need = 4,
                          .asks = true,
                          .burst = 20,
                          .units = 6,
                          .returned = 1.5,
                          .unit_need = 1,
                          .tokens = 0.25,
                          .rate = 2.5});
  const auto words = cluster::words_of(request, {.lease = 2'500'000, .timeout = 1});
  CHECK(words == std::vector<std::string>{"{wsflow}:keys",
                                          "{wsflow}:key:app:0000000000000012"
                                          "00000000000000ef",
                                          "0000000000000001"
                                          "00000000000000ab",
                                          "7", "2500", "160000", "5", "3", "2", "4", "1", "20", "6", "1.5",
                                          "1", "0.25", "2.5"});
  CHECK(words.size() == 2 + cluster::kKeyHead + cluster::kKeyArguments);
}

TEST_CASE("an answer for keys has the lease, the numbers of each key, and keys that others need") {
  const std::vector<std::string> good{"ok", "1", "3", "18446744073709551615", "4", "2", "0.5", "2", "a", "b"};
  KeyAnswer answer;
  REQUIRE(cluster::parse_answer(good, 1, answer));
  CHECK((answer.settled && answer.nodes == 3 && answer.term == UINT64_MAX));
  REQUIRE(answer.keys.size() == 1);
  CHECK((answer.keys[0].permits == 4 && answer.keys[0].units == 2 && answer.keys[0].tokens == 0.5));
  CHECK(answer.keys[0].end == cluster::KeyEnd::recalled);
  CHECK(answer.recalled == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(cluster::parse_answer(good, 2, answer));
  CHECK_FALSE(cluster::parse_answer(std::vector<std::string>{"late"}, 0, answer));
  CHECK_FALSE(cluster::parse_answer(std::vector<std::string>{}, 0, answer));
  for (const auto* bad : {"", "-1", "x", "3x", "99999999999"}) {
    CAPTURE(bad);
    for (const std::size_t at : {2U, 4U, 7U}) {
      auto spoilt = good;
      spoilt[at] = bad;
      CHECK_FALSE(cluster::parse_answer(spoilt, 1, answer));
    }
  }
}

TEST_CASE("the name of a key is read as it is written") {
  cluster::NamedKey named{};
  const auto name = cluster::name_of_key("a.b-c", {1, UINT64_MAX});
  REQUIRE(cluster::parse_name(name, named));
  CHECK((named.cluster == "a.b-c" && named.key[0] == 1 && named.key[1] == UINT64_MAX));
  for (const auto* bad : {"", "x", "{wsflow}:key:app", "{wsflow}:key:app:0000000000000012000000000000",
                          "{wsflow}:key:app:00000000000000120000000000000 ef",
                          "{wsflow}:key:0000000000000012000000000000000ef"}) {
    CAPTURE(bad);
    CHECK_FALSE(cluster::parse_name(bad, named));
  }
}
