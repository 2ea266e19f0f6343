#include "mod_wsflow/base/rfc3339.hpp"

#include <chrono>

namespace wsflow::base {

namespace {

std::string digits(std::int64_t value, std::size_t width) {
  auto text = std::to_string(value);
  return text.size() < width ? text.insert(0, width - text.size(), '0') : text;
}

}  // namespace

std::string rfc3339(std::int64_t microseconds) {
  using namespace std::chrono;
  const sys_time<std::chrono::microseconds> moment{std::chrono::microseconds(microseconds)};
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss time(floor<milliseconds>(moment - day));
  return digits(static_cast<int>(date.year()), 4) + "-" + digits(static_cast<unsigned>(date.month()), 2) +
         "-" + digits(static_cast<unsigned>(date.day()), 2) + "T" + digits(time.hours().count(), 2) + ":" +
         digits(time.minutes().count(), 2) + ":" + digits(time.seconds().count(), 2) + "." +
         digits(time.subseconds().count(), 3) + "Z";
}

}  // namespace wsflow::base
