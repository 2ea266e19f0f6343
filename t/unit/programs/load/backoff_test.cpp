#include "mod_wsflow/programs/load/backoff.hpp"

#include <catch2/catch.hpp>

using wsflow::load::Backoff;

TEST_CASE("a fixed wait is always the same", "[load]") {
  const Backoff fixed{.kind = Backoff::Kind::fixed, .first_us = 2'000'000, .most_us = 2'000'000};
  CHECK(fixed.delay_us(0, 0) == 2'000'000);
  CHECK(fixed.delay_us(9, 0.99) == 2'000'000);
}

TEST_CASE("an exponential wait doubles up to the longest, and half of it is random", "[load]") {
  const Backoff growing{.kind = Backoff::Kind::exponential, .first_us = 1'000'000, .most_us = 30'000'000};
  CHECK(growing.delay_us(0, 0) == 1'000'000);
  CHECK(growing.delay_us(1, 0) == 2'000'000);
  CHECK(growing.delay_us(4, 0) == 16'000'000);
  CHECK(growing.delay_us(5, 0) == 30'000'000);
  CHECK(growing.delay_us(4'000'000'000U, 0) == 30'000'000);
  CHECK(growing.delay_us(4, 0.5) == 12'000'000);
  CHECK(growing.delay_us(4, 0.999'999) >= 8'000'000);
}
