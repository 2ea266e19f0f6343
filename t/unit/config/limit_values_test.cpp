#include "mod_wsflow/config/limit_values.hpp"

#include <catch2/catch.hpp>

using namespace wsflow::config;

TEST_CASE("a rate has more forms while httpd runs than when it starts", "[limit_values]") {
  struct Rate {
    const char* text;
    std::optional<double> in_directive;
    std::optional<double> in_action;
  };
  const auto rate = GENERATE(values<Rate>({{"90/m", 1.5, 1.5},
                                           {"3600/h", 1.0, 1.0},
                                           {"1000000/s", 1e6, 1e6},
                                           {"1/h", 1.0 / 3600, 1.0 / 3600},
                                           {"10", {}, 10.0},
                                           {"off", {}, 0.0},
                                           {"0.5/s", {}, 0.5},
                                           {"0.9/h", {}, {}},
                                           {"2000000/m", {}, 2e6 / 60},
                                           {"0/s", {}, {}},
                                           {"1000001/s", {}, {}},
                                           {"1/", {}, {}},
                                           {"1//s", {}, {}},
                                           {"/s", {}, {}},
                                           {"1/d", {}, {}},
                                           {"", {}, {}}}));
  INFO(rate.text);
  CHECK(parse_rate(rate.text, LimitSource::directive) == rate.in_directive);
  CHECK(parse_rate(rate.text, LimitSource::action) == rate.in_action);
}

TEST_CASE("a queue may be closed while httpd runs", "[limit_values]") {
  CHECK_FALSE(parse_limit_number("0", kQueue.directive));
  CHECK(parse_limit_number("0", kQueue.action) == 0U);
  for (const auto* row : {&kConcurrency, &kBurst}) {
    CHECK_FALSE(parse_limit_number("0", row->action));
    CHECK(parse_limit_number("1000000", row->directive) == 1'000'000U);
    CHECK_FALSE(parse_limit_number("1000001", row->action));
  }
}
