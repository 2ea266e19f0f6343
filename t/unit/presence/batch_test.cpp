#include "mod_wsflow/presence/batch.hpp"

#include <catch2/catch.hpp>

using namespace wsflow;

TEST_CASE("a batch as the stores read it", "[presence]") {
  const presence::List list{.name = "online", .route = "/c", .grace = 5};
  const std::vector<std::uint64_t> delivered{7, 8};
  const std::vector<presence::Dead> dead{{.process = 3, .at = 44}};
  presence::BatchText text({.node = "n\"1",
                            .process = 9,
                            .now = 100,
                            .lease = 30,
                            .sync = 2,
                            .sweep = true,
                            .end = true,
                            .report = true,
                            .keep_events = true,
                            .most_events = 5,
                            .delivered = delivered,
                            .dead = dead});
  text.add({.list = &list, .key = "a\\\"b", .opened = 1, .closed = 0, .sockets = 2, .most = 3, .bytes = 4});
  text.add({.list = &list, .key = "c", .opened = 1, .closed = 6, .sockets = 0, .most = 1, .bytes = 0});
  CHECK(std::string(text.finish()) ==
        R"({"node":"n\"1","process":9,"now":100,"lease":30,"sync":2,"take":5,"sweep":true,"end":true,)"
        R"("report":true,"events":true,"delivered":[7,8],"dead":[[3,44]],)"
        R"("rows":[["online","/c","a\\\"b",1,null,2,3,4,5],["online","/c","c",1,6,0,1,0,5]]})");
}

TEST_CASE("an empty batch says no more than it must", "[presence]") {
  presence::BatchText text({.node = "n", .process = 1, .now = 2, .lease = 3});
  CHECK(std::string(text.finish()) ==
        R"({"node":"n","process":1,"now":2,"lease":3,"sync":0,"take":0,"rows":[]})");
}

TEST_CASE("a search is JSON that a database takes, whatever is looked for", "[presence]") {
  CHECK(presence::search_text("a\"b", 7) == R"({"text":"a\"b","most":7})");
  CHECK(presence::search_text(std::string_view("a\0b\xff\t", 5), 1) ==
        "{\"text\":\"a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD\xEF\xBF\xBD\",\"most\":1}");
}

TEST_CASE("the rows of an answer", "[presence]") {
  presence::BatchAnswer answer;
  const char* resync[] = {"resync", nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
  const char* join[] = {"event", "12", "join", "5", "online", "", "ann", "5", nullptr};
  const char* leave[] = {"event", "13", "leave", "9", "online", "/c", "ann", "5", "9"};
  const char* node[] = {"node", "n1", "2", "77", "-5", "3", "4", nullptr, nullptr};
  const char* online[] = {"online", "10", "20", nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
  const char* unknown[] = {"novelty", "1"};
  const char* nothing[] = {nullptr};
  for (const std::span<const char* const> row :
       {std::span<const char* const>(resync), std::span<const char* const>(join),
        std::span<const char* const>(leave), std::span<const char* const>(node),
        std::span<const char* const>(online), std::span<const char* const>(unknown),
        std::span<const char* const>(nothing), std::span<const char* const>(join, 3),
        std::span<const char* const>()})
    answer.take(row);
  CHECK(answer.unknown);
  REQUIRE(answer.changes.size() == 2);
  CHECK(answer.changes[0].number == 12);
  CHECK(answer.changes[0].joined);
  CHECK(answer.changes[1].at == 9);
  CHECK_FALSE(answer.changes[1].joined);
  CHECK(answer.changes[1].session == 5);
  CHECK(answer.changes[1].route == "/c");
  REQUIRE(answer.nodes.size() == 1);
  CHECK(answer.nodes[0].left == -5);
  CHECK(answer.nodes[0].sockets == 4);
  CHECK(answer.reported);
  CHECK(answer.keys == 10);
  CHECK(answer.sockets == 20);
}
