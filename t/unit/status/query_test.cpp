#include "mod_wsflow/status/query.hpp"

#include <catch2/catch.hpp>

using namespace wsflow;
using shm::SortBy;
using status::StatusFormat;

namespace {

status::StatusQuery read(std::string_view query) {
  std::string wrong;
  const auto result = status::read_status_query(query, wrong);
  INFO(query << ": " << wrong);
  REQUIRE(result);
  return *result;
}

std::string wrong_of(std::string_view query) {
  std::string wrong;
  return status::read_status_query(query, wrong) ? "" : wrong;
}

}  // namespace

TEST_CASE("the first word is the format", "[query]") {
  CHECK(read("").format == StatusFormat::page);
  CHECK(read("sort=age").format == StatusFormat::page);
  CHECK(read("other").format == StatusFormat::page);
  CHECK(read("json").format == StatusFormat::json);
  CHECK(read("auto").format == StatusFormat::lines);
  CHECK(read("metrics&refresh=5").format == StatusFormat::metrics);
  CHECK(read("manual").format == StatusFormat::manual);
}

TEST_CASE("a page has 50 tunnels, JSON 1,000, and nothing more than 10,000", "[query]") {
  CHECK(read("").tunnels.count == 50);
  CHECK(read("json").tunnels.count == 1000);
  CHECK(read("auto").tunnels.count == 0);
  CHECK(read("metrics=").tunnels.count == 0);
  CHECK(read("json&count=7").tunnels.count == 7);
  CHECK(read("count=99999999").tunnels.count == 10'000);
}

TEST_CASE("every order has a word and is read by it", "[query]") {
  for (auto sort = SortBy::row; sort <= SortBy::state;
       sort = static_cast<SortBy>(static_cast<int>(sort) + 1)) {
    CHECK(read(std::string("sort=") + status::name(sort)).tunnels.sort == sort);
  }
  CHECK(read("sort=bytes&dir=desc").tunnels.descending);
  CHECK_FALSE(read("sort=bytes&dir=asc").tunnels.descending);
}

TEST_CASE("texts are decoded, whatever they hold", "[query]") {
  const auto selector =
      read("filter=a%20b+c%2&client=::1&user=%ff%00x&route=%2Fchat&origin=%&server=").tunnels.selector;
  CHECK(selector.part == "a b c%2");
  CHECK(selector.client == "::1");
  CHECK(selector.user == std::string("\xFF\0x", 3));
  CHECK(selector.route == "/chat");
  CHECK(selector.origin == "%");
  CHECK(selector.server.empty());
  CHECK(read("filter=" + std::string(5000, 'x')).tunnels.selector.part.size() == 256);
}

TEST_CASE("what is not legal is named with what is", "[query]") {
  CHECK(wrong_of("sort=size").find("sort: legal are place age") == 0);
  CHECK(wrong_of("dir=up") == "dir: legal are asc and desc");
  CHECK(wrong_of("from=-1") == "from: needs a number");
  CHECK(wrong_of("count=") == "count: needs a number");
  CHECK(wrong_of("count=99999999999999999999999") == "count: needs a number");
  CHECK(wrong_of("history=2") == "history: legal are 0 and 1");
  CHECK(wrong_of("unknown=1&&=x&json").empty());
}
