#include "mod_wsflow/base/shared_rate.hpp"

#include <catch2/catch.hpp>

using wsflow::base::claim_ends;

TEST_CASE("the first claim only begins, and one caller gets the others' time", "[shared_rate]") {
  std::atomic<std::int64_t> last{0};
  const auto first = claim_ends(last, 5000, 10);
  CHECK(first.begins);
  CHECK(first.count == 0);
  const auto second = claim_ends(last, 6000, 10);
  CHECK_FALSE(second.begins);
  CHECK(second.count == 10);
  CHECK(claim_ends(last, 6000, 10).count == 0);
}

TEST_CASE("a pace is kept over rounds of any length", "[shared_rate]") {
  const auto per_second = GENERATE(1, 3, 7, 50, 999, 100'000);
  const auto round = GENERATE(100, 250, 333, 1000);
  INFO(per_second << " a second in rounds of " << round << " ms");
  std::atomic<std::int64_t> last{0};
  claim_ends(last, 1, per_second);
  std::size_t sum = 0;
  std::int64_t now = 1;
  while (now < 20'000) sum += claim_ends(last, now += round, per_second).count;
  const auto due = static_cast<std::size_t>((now - 1) * per_second / 1000);
  CHECK(sum <= due);
  CHECK(sum >= due - due / 50 - 1);
}

TEST_CASE("what was missed for long is not made up for, and clocks may differ a little", "[shared_rate]") {
  std::atomic<std::int64_t> last{1000};
  CHECK(claim_ends(last, 999, 1000).count == 0);
  CHECK(claim_ends(last, 1'000'000, 10).count == 30);
  CHECK(claim_ends(last, 1'000'100, 10).count == 1);
}
