#include "mod_wsflow/config/lifetime.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

using namespace wsflow;
using config::parse_until;
using config::spread;
using config::Until;

TEST_CASE("a lifetime is spread evenly, on both sides", "[lifetime]") {
  CHECK(spread(10'000'000, 10, 0) == base::Millis(9'000));
  CHECK(spread(10'000'000, 10, 1'000) == base::Millis(10'000));
  CHECK(spread(10'000'000, 10, 2'000) == base::Millis(11'000));
  CHECK(spread(10'000'000, 10, 2'001) == base::Millis(9'000));
  CHECK(spread(10'000'000, 0, 12'345) == base::Millis(10'000));
  CHECK(spread(10'000, 1, UINT32_MAX) == base::Millis(10));
  const std::int64_t most = std::int64_t{1000} * 3600 * 1'000'000;
  CHECK(spread(most, 50, UINT32_MAX) <= base::Millis(most / 1000 * 3 / 2));
}

TEST_CASE("an end is seconds since 1970, or none", "[lifetime]") {
  CHECK(parse_until("none").kind == Until::Kind::none);
  CHECK(parse_until("1767225600").seconds == 1'767'225'600);
  CHECK(parse_until("1767225600.5").seconds == 1'767'225'600);
  CHECK(parse_until("0").kind == Until::Kind::seconds);
  const auto* wrong = GENERATE("", " 5", "5 ", "-1", "-0", "+5", "5.", ".5", "5.x", "5e3", "0x5", "None",
                               "tomorrow", "99999999999999999999", "2026-01-01T00:00:00Z");
  CHECK(parse_until(wrong).kind == Until::Kind::wrong);
}
