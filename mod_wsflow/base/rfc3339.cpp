#include "mod_wsflow/base/rfc3339.hpp"

#include <algorithm>
#include <chrono>

namespace wsflow::base {

namespace {

// The first and the last moment that RFC 3339 can say, in microseconds.
constexpr std::int64_t kFirst = -62'167'219'200'000'000;
constexpr std::int64_t kLast = 253'402'300'799'999'999;

// Writes the last digits of `value` over the zeros of `text` that end before `end`. Pre: value >= 0.
void put(std::string& text, std::size_t end, std::int64_t value) noexcept {
  for (; value != 0 && end > 0 && text[end - 1] == '0'; value /= 10)
    text[--end] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string rfc3339(std::int64_t microseconds) {
  using namespace std::chrono;
  const sys_time<std::chrono::microseconds> moment{
      std::chrono::microseconds(std::clamp(microseconds, kFirst, kLast))};
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss time(floor<milliseconds>(moment - day));
  std::string text = "0000-00-00T00:00:00.000Z";
  put(text, 4, static_cast<int>(date.year()));
  put(text, 7, static_cast<unsigned>(date.month()));
  put(text, 10, static_cast<unsigned>(date.day()));
  put(text, 13, time.hours().count());
  put(text, 16, time.minutes().count());
  put(text, 19, time.seconds().count());
  put(text, 23, time.subseconds().count());
  return text;
}

}  // namespace wsflow::base
