#include "mod_wsflow/programs/load/line_chart.hpp"

#include <catch2/catch.hpp>

using namespace wsflow::load;

TEST_CASE("a chart says its greatest values in words", "[load]") {
  const auto html = draw({.title = "Open <sockets>", .lines = {{"open", {0, 50, 80}}}});
  CHECK_THAT(html, Catch::Contains("aria-label=\"Open &lt;sockets&gt;; open: at most 80\""));
  CHECK_THAT(html, Catch::Contains("d=\"M0 1000h0L1 500L2 200\""));  // of 100
}

TEST_CASE("a second without a value breaks the line", "[load]") {
  const auto html = draw({.title = "t", .lines = {{"a", {1, -1, 1}}}});
  CHECK_THAT(html, Catch::Contains("d=\"M0 0h0M2 0h0\""));
}

TEST_CASE("times have a logarithmic scale, from one power of ten to another", "[load]") {
  const auto html = draw({.title = "t", .lines = {{"a", {0.001, 0.1}}}, .is_time = true});
  CHECK_THAT(html, Catch::Contains(">1 ms<") && Catch::Contains(">10 ms<") && Catch::Contains(">100 ms<"));
  CHECK_THAT(html, Catch::Contains("d=\"M0 1000h0L1 0\""));
}

TEST_CASE("a long run has no more points than fit in, and loses no peak", "[load]") {
  std::vector<double> day(86'400, 1);
  day[40'000] = 2;
  const auto html = draw({.title = "t", .lines = {{"a", day}}});
  CHECK(html.size() < 20'000);
  CHECK_THAT(html, Catch::Contains(" 0L"));  // the peak is the top
}

TEST_CASE("a chart of nothing is drawn, too", "[load]") {
  CHECK_THAT(draw({.title = "t", .lines = {{"a", {}}}}), Catch::Contains("a: nothing"));
  CHECK_THAT(draw({.title = "t", .lines = {{"a", {-1, -1}}}, .is_time = true}),
             Catch::Contains("a: nothing"));
}
