#include "mod_wsflow/status/limit_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "mod_wsflow/base/text.hpp"

namespace wsflow::status {

std::uint64_t refused(const flow::LimitView& view) noexcept {
  return std::accumulate(std::begin(view.refused), std::end(view.refused), std::uint64_t{0});
}

std::string shown(const flow::KeyView& key) {
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
  // Large and tiny ones come as "1e+06".
  return text.find('e') == std::string::npos ? text : std::to_string(std::llround(value));
}

std::string rate_text(double rate) {
  return rate > 0 ? decimal(rate, 6) + "/s" : "off";
}

std::string advice(const flow::LimitView& view) {
  if (view.need <= 0 || !std::isfinite(view.need)) return "nothing measured yet";
  const auto permits = std::max<long long>(std::llround(std::ceil(view.need)), 1);
  return "needs about " + std::to_string(permits) + (permits == 1 ? " permit" : " permits") +
         (view.defined.keyed ? " for all keys together (" : " (") + decimal(view.arrival_rate) + "/s x " +
         decimal(view.held_mean) + " s)";
}

}  // namespace wsflow::status
