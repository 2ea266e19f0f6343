#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "mod_wsflow/metrics/rates.hpp"

namespace wsflow::status {

enum class Unit : std::uint8_t { count, per_second, bytes_per_second, seconds };
// "12/s", "1.2 MB/s", "12 ms"
std::string in_unit(double value, Unit unit);

struct ChartLine {
  const char* name;
  double metrics::Interval::*value;
};

struct Chart {
  const char* id;
  const char* title;
  Unit unit;
  std::span<const ChartLine> lines;  // at most three
  bool none_if_zero = false;         // 0 means that nothing was measured
};

inline constexpr std::int64_t kChartSpan_us = 900'000'000;

// The last quarter of an hour before `now_us` as a drawing, with its content as text.
std::string chart(const Chart& chart, std::span<const metrics::Interval> intervals, std::int64_t now_us);

}  // namespace wsflow::status
