#include "mod_wsflow/status/chart.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

using namespace wsflow;
using metrics::Interval;
using status::Unit;

namespace {

constexpr std::int64_t kNow_us = 1'700'000'000'000'000;
constexpr status::ChartLine kLines[] = {{"tunnels", &Interval::active}};
constexpr status::ChartLine kTimes[] = {{"p50", &Interval::handshake_p50}, {"p95", &Interval::handshake_p95}};

// Of five seconds each; the last ends now.
std::vector<Interval> intervals(const std::vector<double>& values) {
  std::vector<Interval> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    result[i].to_us = kNow_us - static_cast<std::int64_t>(values.size() - 1 - i) * shm::kSampleSpan_us;
    result[i].from_us = result[i].to_us - shm::kSampleSpan_us;
    result[i].active = result[i].handshake_p50 = values[i];
  }
  return result;
}

std::string drawn(const std::vector<Interval>& intervals,
                  const status::Chart& chart = {
                      .id = "x", .title = "T", .unit = Unit::count, .lines = kLines}) {
  return status::chart(chart, intervals, kNow_us);
}

// The path of its first line.
std::string path(const std::string& chart) {
  const auto begin = chart.find(" d=\"", chart.find("class=\"l l0\"")) + 4;
  return chart.substr(begin, chart.find('"', begin) - begin);
}

bool contains(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

}  // namespace

TEST_CASE("a chart of nothing says so", "[chart]") {
  const auto chart = drawn({});
  CHECK(path(chart).empty());
  CHECK(contains(chart, "nothing measured yet"));
  CHECK(contains(chart, "<b>&ndash;</b>"));
}

TEST_CASE("one interval is a point, the next ones go on with its line", "[chart]") {
  CHECK(path(drawn(intervals({5}))) == "M900 0h0");
  CHECK(path(drawn(intervals({0, 5, 10}))) == "M890 1000h0L895 500L900 0");
  const auto chart = drawn(intervals({0, 5, 10}));
  CHECK(contains(chart, "data-top=\"10.0"));
  CHECK(contains(chart, "<b>10</b>"));
  CHECK(contains(chart, "aria-label=\"T, the last 15 minutes; tunnels: at most 10\""));
  CHECK_FALSE(contains(chart, "nothing measured yet"));
}

TEST_CASE("a line has a gap where nothing was sampled, or something else was counted", "[chart]") {
  auto some = intervals({1, 1, 1, 1});
  some.erase(some.begin() + 1);
  CHECK(path(drawn(some)) == "M885 0h0M895 0h0L900 0");
  some = intervals({1, 1});
  some[1].from_us = some[0].to_us = kNow_us - 60'000'000;
  CHECK(path(drawn(some)) == "M840 0h0M900 0h0");
}

TEST_CASE("a line has a gap where 0 says that there was nothing to measure", "[chart]") {
  const status::Chart chart{
      .id = "x", .title = "T", .unit = Unit::seconds, .lines = kTimes, .none_if_zero = true};
  const auto text = drawn(intervals({0.1, 0, 0.2}), chart);
  CHECK(path(text) == "M890 500h0M900 0h0");
  CHECK(contains(text, "p50 <b>200 ms</b>"));
  CHECK(contains(text, "p95 <b>&ndash;</b>"));
}

TEST_CASE("a chart has the last fifteen minutes", "[chart]") {
  auto long_ago = intervals(std::vector<double>(400, 1));
  long_ago[0].active = 1e9;
  const auto line = path(drawn(long_ago));
  CHECK(line.rfind("M0 0h0L5 0", 0) == 0);
  CHECK(contains(drawn(long_ago), "at most 1\""));
}

TEST_CASE("no value makes a drawing that is none", "[chart]") {
  const double odd[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                        -1};
  for (const auto value : odd) {
    const auto chart = drawn(intervals({1, value, 1}));
    CHECK(path(chart) == "M890 0h0M900 0h0");
    CHECK_FALSE(contains(chart, "nan"));
    CHECK_FALSE(contains(chart, "inf"));
  }
  CHECK(contains(path(drawn(intervals({1e300}))), "M900"));
}

TEST_CASE("values have the unit of their chart", "[chart]") {
  CHECK(status::in_unit(12, Unit::count) == "12");
  CHECK(status::in_unit(0.5, Unit::per_second) == "0.5/s");
  CHECK(status::in_unit(1.2e6, Unit::bytes_per_second) == "1.2 MB/s");
  CHECK(status::in_unit(0.012, Unit::seconds) == "12 ms");
}
