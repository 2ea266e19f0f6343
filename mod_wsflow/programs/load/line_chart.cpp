#include "mod_wsflow/programs/load/line_chart.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "mod_wsflow/programs/load/load_report.hpp"
#include "mod_wsflow/status/html_text.hpp"

namespace wsflow::load {

namespace {

// The drawing has as many units in width as points, and this height.
constexpr double kHeight = 1000;
constexpr std::size_t kMostPoints = 600;

struct Scale {
  double low = 0;
  double high = 1;
  bool logarithmic = false;
  // From 0 at the bottom to 1.
  double place(double value) const noexcept {
    if (!logarithmic) return std::clamp((value - low) / (high - low), 0.0, 1.0);
    return std::clamp(std::log10(std::max(value, low) / low) / std::log10(high / low), 0.0, 1.0);
  }
};

std::string decimal(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 1).ptr;
  std::string out(text, end);
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out;
}

std::string label(double value, bool is_time) {
  if (!is_time)
    return value < 10 ? decimal(value) : status::grouped(static_cast<std::uint64_t>(std::llround(value)));
  if (value < 1e-3) return decimal(value * 1e6) + " us";
  return value < 1 ? decimal(value * 1e3) + " ms" : decimal(value) + " s";
}

// 1, 2 or 5 times a power of ten, `most` or more.
double round_top(double most) noexcept {
  const auto power = std::pow(10, std::floor(std::log10(std::max(most, 1.0))));
  for (const double step : {1.0, 2.0, 5.0, 10.0}) {
    if (step * power >= most) return step * power;
  }
  return 10 * power;
}

Scale scale_of(const LineChart& chart) noexcept {
  double least = 1e9, most = 0;
  for (const auto& line : chart.lines) {
    for (const double value : line.values) {
      if (value < 0) continue;
      most = std::max(most, value);
      if (value > 0) least = std::min(least, value);
    }
  }
  if (!chart.is_time) return {.low = 0, .high = round_top(most), .logarithmic = false};
  if (most <= 0) least = most = 1e-3;
  const auto low = std::pow(10, std::floor(std::log10(std::max(least, 1e-5))));
  const auto high = std::pow(10, std::ceil(std::log10(std::max(most, low))));
  return {.low = low, .high = std::max(high, low * 10), .logarithmic = true};
}

std::vector<double> ticks(const Scale& scale) {
  if (!scale.logarithmic) return {scale.low, (scale.low + scale.high) / 2, scale.high};
  std::vector<double> result;
  for (double at = scale.low; at < scale.high * 1.5; at *= 10) result.push_back(at);
  return result;
}

// So many values, each of as many seconds.
std::vector<double> points_of(const std::vector<double>& values, std::size_t per_point, bool greatest) {
  std::vector<double> points;
  for (std::size_t at = 0; at < values.size(); at += per_point) {
    double most = -1, sum = 0;
    std::size_t count = 0;
    for (std::size_t i = at; i < std::min(at + per_point, values.size()); ++i) {
      if (values[i] < 0) continue;
      most = std::max(most, values[i]);
      sum += values[i];
      ++count;
    }
    points.push_back(count == 0 ? -1 : greatest ? most : sum / static_cast<double>(count));
  }
  return points;
}

std::string path(const std::vector<double>& points, const Scale& scale) {
  std::string out;
  bool joins = false;
  for (std::size_t at = 0; at < points.size(); ++at) {
    if (points[at] < 0) {
      joins = false;
      continue;
    }
    const auto y = std::to_string(std::lround(kHeight * (1 - scale.place(points[at]))));
    out += (joins ? "L" : "M") + std::to_string(at) + " " + y;
    // A point that stands alone is drawn, too.
    if (!joins) out += "h0";
    joins = true;
  }
  return out;
}

double greatest_of(const std::vector<double>& values) noexcept {
  return values.empty() ? -1 : *std::max_element(values.begin(), values.end());
}

}  // namespace

std::string draw(const LineChart& chart) {
  const auto scale = scale_of(chart);
  std::size_t seconds = 0;
  for (const auto& line : chart.lines) seconds = std::max(seconds, line.values.size());
  const auto per_point = std::max<std::size_t>((seconds + kMostPoints - 1) / kMostPoints, 1);
  const auto width = std::max<std::size_t>((seconds + per_point - 1) / per_point, 2) - 1;
  std::string keys, paths, words = chart.title;
  for (std::size_t at = 0; at < chart.lines.size(); ++at) {
    const auto& line = chart.lines[at];
    const auto number = std::to_string(at);
    const auto most = greatest_of(line.values);
    keys += "<span class=\"k k" + number + "\">" + status::escape_html(line.name) + "</span>";
    words += "; " + line.name + ": " + (most < 0 ? "nothing" : "at most " + label(most, chart.is_time));
    paths += "<path class=\"l l" + number + "\" d=\"" +
             path(points_of(line.values, per_point, chart.greatest), scale) + "\"/>";
  }
  std::string grid, labels;
  for (const double tick : ticks(scale)) {
    const auto place = scale.place(tick);
    const auto y = std::to_string(std::lround(kHeight * (1 - place)));
    grid += "<path class=\"g\" d=\"M0 " + y + "H" + std::to_string(width) + "\"/>";
    labels +=
        "<span style=\"bottom:" + decimal(100 * place) + "%\">" + label(tick, chart.is_time) + "</span>";
  }
  return "<figure><figcaption><b>" + status::escape_html(chart.title) + "</b>" + keys +
         "</figcaption>\n<div class=\"plot\"><div class=\"y\">" + labels + "</div><svg viewBox=\"0 0 " +
         std::to_string(width) + " 1000\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" +
         status::escape_html(words) + "\">" + grid + paths +
         "</svg></div>\n<p class=\"x\"><span>0 s</span><span>" + std::to_string(seconds) +
         " s</span></p></figure>\n";
}

}  // namespace wsflow::load
