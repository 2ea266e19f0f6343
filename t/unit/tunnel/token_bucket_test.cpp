#include "mod_wsflow/tunnel/token_bucket.hpp"

#include <catch2/catch.hpp>

using wsflow::tunnel::TokenBucket;

TEST_CASE("without a bound nothing ever waits", "[token_bucket]") {
  TokenBucket any(0, 5);
  any.take(UINT64_MAX, 5);
  CHECK(any.left(5) == UINT64_MAX);
  CHECK(any.wait(5) == 0);
  CHECK_FALSE(any.in_debt());
}

TEST_CASE("a second's worth is there at once, and comes back in a second", "[token_bucket]") {
  const std::uint32_t start = GENERATE(0U, 1000U, 0xFFFFFF00U);  // the last one turns round
  TokenBucket allowance(10, start);
  CHECK(allowance.left(start) == 10);
  allowance.take(10, start);
  CHECK(allowance.left(start) == 0);
  CHECK_FALSE(allowance.in_debt());
  CHECK(allowance.wait(start) == 100);
  CHECK(allowance.left(start + 550) == 5);
  CHECK(allowance.left(start + 60'000) == 10);
}

TEST_CASE("a debt is paid off in its time", "[token_bucket]") {
  TokenBucket allowance(100, 0);
  allowance.take(1100, 0);
  CHECK(allowance.in_debt());
  const auto wait = allowance.wait(0);
  CHECK(wait == 10'100);
  CHECK(allowance.wait(wait - 1) == 1);
  CHECK(allowance.wait(wait) == 0);
  CHECK(allowance.left(wait) == 10);
}

TEST_CASE("the greatest numbers do not overflow", "[token_bucket]") {
  TokenBucket allowance(UINT64_MAX, 0);
  for (int i = 0; i < 100; ++i) allowance.take(UINT64_MAX, 0);
  CHECK(allowance.in_debt());
  CHECK(allowance.wait(0) > 0);
  CHECK(allowance.left(UINT32_MAX) > 0);
  TokenBucket slow(1, 0);
  slow.take(UINT64_MAX, 0);
  CHECK(slow.wait(0) > 1'000'000);
}
