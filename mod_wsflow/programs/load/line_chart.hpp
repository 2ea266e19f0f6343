#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wsflow::load {

// A line of a chart: one value for each second of the run; negative: there is none.
struct ChartLine {
  std::string name;
  std::vector<double> values;
};

struct LineChart {
  std::string title;
  std::vector<ChartLine> lines;  // three at most
  bool is_time = false;          // seconds, on a logarithmic scale; else a count, from 0
  // What a point shows where a run has more seconds than the chart has points: the greatest, or the mean.
  bool greatest = true;
};

// The chart as HTML with inline SVG, and what it shows in words for those who do not see it. The longest run
// has as many points as fit in.
std::string draw(const LineChart& chart);

}  // namespace wsflow::load
