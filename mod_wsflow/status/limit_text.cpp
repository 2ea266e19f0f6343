#include "mod_wsflow/status/limit_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "mod_wsflow/base/text.hpp"

namespace wsflow::status {

namespace {

// A fraction of a permit that counts as none.
constexpr double kNone = 0.05;

std::string whole(double number) {
  return std::to_string(std::isfinite(number) ? std::llround(std::ceil(number - kNone)) : 0);
}

std::string permits(double number) {
  const auto text = whole(number);
  return text + (text == "1" ? " permit" : " permits");
}

}  // namespace

std::uint64_t refused(const limits::LimitView& view) noexcept {
  return std::accumulate(std::begin(view.refused), std::end(view.refused), std::uint64_t{0});
}

std::string shown(const limits::KeyView& key) {
  if (!key.text.empty()) return key.text;
  base::Text<17> text;
  text << "#";
  return std::string(text.id(key.hash).view());
}

std::string decimal(double value, int digits) {
  if (!std::isfinite(value)) return "0";
  char space[32];
  const auto result =
      std::to_chars(std::begin(space), std::end(space), value, std::chars_format::general, digits);
  const std::string text(space, result.ptr);
  // to_chars() writes large and tiny values as "1e+06".
  return text.find('e') == std::string::npos ? text : std::to_string(std::llround(value));
}

std::string rate_text(double rate) {
  return rate > 0 ? decimal(rate, 6) + "/s" : "off";
}

std::string advice(const limits::Need& need, bool keyed) {
  const std::string all = keyed ? " for all keys together" : "";
  const auto now = std::to_string(need.now);
  switch (need.known) {
    case limits::Need::Known::nothing: return "nothing measured yet";
    case limits::Need::Known::at_least:
      return "no answer yet: at least " + permits(need.permits) + all + " (now " + now +
             "; some were refused, and no permit has come back that would tell for how long)";
    case limits::Need::Known::about: break;
  }
  return "needs about " + permits(need.permits) + all + " (mean of " + decimal(need.window) +
         " s: " + decimal(need.held) + " held and " + decimal(need.refused) + " for the refused; now " + now +
         ", at most " + std::to_string(need.most) + " at a time)";
}

}  // namespace wsflow::status
