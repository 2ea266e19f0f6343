#include "mod_wsflow/config/lifetime.hpp"

#include <algorithm>
#include <charconv>

namespace wsflow::config {

base::Millis spread(std::int64_t lifetime, std::int64_t per_cent, std::uint32_t random) noexcept {
  const std::int64_t millis = lifetime / 1000;
  const std::int64_t most = millis * per_cent / 100;
  return base::Millis(millis - most +
                      static_cast<std::int64_t>(random % static_cast<std::uint64_t>(2 * most + 1)));
}

Until parse_until(std::string_view text) noexcept {
  if (text == "none") return {.kind = Until::Kind::none};
  const auto* const end = text.data() + text.size();
  std::int64_t seconds = 0;
  const auto [at, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc{} || seconds < 0 || text.front() == '-') return {};
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  // A date of a token may have a fraction (RFC 7519 2, NumericDate).
  const bool fraction = rest.size() > 1 && rest.front() == '.' &&
                        std::ranges::all_of(rest.substr(1), [](char c) { return c >= '0' && c <= '9'; });
  if (!rest.empty() && !fraction) return {};
  return {.kind = Until::Kind::seconds, .seconds = seconds};
}

}  // namespace wsflow::config
