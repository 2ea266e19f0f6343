#include "mod_wsflow/status/chart.hpp"

#include <algorithm>
#include <cmath>

#include "mod_wsflow/status/html_text.hpp"

namespace wsflow::status {

namespace {

// Width and height of the drawing: one unit a second, 1000 units up to the upper edge.
constexpr long kWidth = kChartSpan_us / 1'000'000;
constexpr double kHeight = 1000;
// A longer interval breaks the line: nobody knows what happened in it.
constexpr std::int64_t kLongest_us = 4 * shm::kSampleSpan_us;

bool is_drawn(const Chart& chart, double value) noexcept {
  return std::isfinite(value) && (value > 0 || (value == 0 && !chart.none_if_zero));
}

// The value of the newest interval, and the greatest of all; negative: none.
struct Extent {
  double now = -1;
  double most = -1;
};

Extent extent(const Chart& chart, const ChartLine& line,
              std::span<const metrics::Interval> intervals) noexcept {
  Extent result;
  for (const auto& interval : intervals) {
    const auto value = interval.*line.value;
    result.now = is_drawn(chart, value) ? value : -1;
    result.most = std::max(result.most, result.now);
  }
  return result;
}

// The value at the upper edge: 1, 2 or 5 times a power of ten.
double top_of(double most, Unit unit) noexcept {
  const double least = unit == Unit::bytes_per_second ? 1000 : unit == Unit::seconds ? 0.001 : 1;
  most = std::max(most, least);
  const auto power = std::pow(10, std::floor(std::log10(most)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (step * power >= most) return step * power;
  }
  return 10 * power;
}

std::string path(const Chart& chart, const ChartLine& line, std::span<const metrics::Interval> intervals,
                 std::int64_t from_us, double top) {
  std::string out;
  std::int64_t joins_us = -1;  // start of the interval that continues the line; -1: none
  for (const auto& interval : intervals) {
    const auto value = interval.*line.value;
    if (interval.to_us < from_us || !is_drawn(chart, value)) {
      joins_us = -1;
      continue;
    }
    const auto x =
        std::to_string(std::clamp(std::lround(double(interval.to_us - from_us) / 1e6), 0L, kWidth));
    const auto y = std::to_string(std::lround(kHeight - kHeight * std::min(value / top, 1.0)));
    const bool joins = interval.from_us == joins_us && interval.to_us - interval.from_us <= kLongest_us;
    // h0 draws a point that stands alone.
    out += joins ? "L" + x + " " + y : "M" + x + " " + y + "h0";
    joins_us = interval.to_us;
  }
  return out;
}

std::string key(const Chart& chart, std::size_t number, const Extent& extent) {
  const auto now = extent.now < 0 ? "&ndash;" : in_unit(extent.now, chart.unit);
  if (chart.lines.size() == 1) return "<b>" + now + "</b>";
  return "<span class=\"k k" + std::to_string(number) + "\">" + escape_html(chart.lines[number].name) +
         " <b>" + now + "</b></span>";
}

}  // namespace

std::string in_unit(double value, Unit unit) {
  switch (unit) {
    case Unit::count: break;
    case Unit::per_second: return amount(value) + "/s";
    case Unit::bytes_per_second: return byte_size(value) + "/s";
    case Unit::seconds: return time_span(value);
  }
  return amount(value);
}

std::string chart(const Chart& chart, std::span<const metrics::Interval> intervals, std::int64_t now_us) {
  const auto from_us = now_us - kChartSpan_us;
  const auto first = std::find_if(intervals.begin(), intervals.end(),
                                  [&](const auto& interval) { return interval.to_us >= from_us; });
  intervals = intervals.last(static_cast<std::size_t>(intervals.end() - first));
  double most = 0;
  std::string keys;
  std::string label = std::string(chart.title) + ", the last 15 minutes";
  for (std::size_t i = 0; i < chart.lines.size(); ++i) {
    const auto reach = extent(chart, chart.lines[i], intervals);
    most = std::max(most, reach.most);
    keys += key(chart, i, reach);
    if (reach.most >= 0) {
      label += std::string("; ") + chart.lines[i].name + ": at most " + in_unit(reach.most, chart.unit);
    }
  }
  const auto top = top_of(most, chart.unit);
  auto out =
      "<figure id=\"chart-" + std::string(chart.id) + "\"><figcaption><span>" + escape_html(chart.title) +
      "</span>" + keys + "</figcaption>\n<div class=\"plot\"><svg viewBox=\"0 0 900 1000\" " +
      "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" + escape_html(label) + "\" data-top=\"" +
      std::to_string(top) + "\" data-unit=\"" + std::to_string(static_cast<int>(chart.unit)) +
      "\" data-from=\"" + std::to_string(from_us / 1'000'000) + "\">";
  out += "<path class=\"grid\" d=\"M0 500H900\"/>";
  for (std::size_t i = 0; i < chart.lines.size(); ++i) {
    out += "<path class=\"l l" + std::to_string(i) + "\" data-name=\"" + escape_html(chart.lines[i].name) +
           "\" d=\"" + path(chart, chart.lines[i], intervals, from_us, top) + "\"/>";
  }
  out += "</svg><span class=\"top\">" + escape_html(in_unit(top, chart.unit)) + "</span>";
  if (intervals.empty()) out += "<span class=\"none\">nothing measured yet</span>";
  return out + "</div>\n<p class=\"axis\"><span>&minus;15 min</span><span>now</span></p></figure>\n";
}

}  // namespace wsflow::status
