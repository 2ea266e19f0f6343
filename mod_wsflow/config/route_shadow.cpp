#include "mod_wsflow/config/route_shadow.hpp"

#include <optional>
#include <string_view>

namespace wsflow::config {

namespace {

// A regular expression like "^/x", "^/x(.*)$": it takes all that begins with "/x". Of others nobody can tell.
std::optional<std::string_view> beginning(std::string_view pattern) noexcept {
  if (!pattern.starts_with('^')) return std::nullopt;
  pattern.remove_prefix(1);
  for (const std::string_view anything : {"(.*)$", "(.*)", ".*$", ".*"}) {
    if (!pattern.ends_with(anything)) continue;
    pattern.remove_suffix(anything.size());
    break;
  }
  constexpr std::string_view kSpecial = "\\^$.[]|()?*+{}";
  if (pattern.find_first_of(kSpecial) != pattern.npos) return std::nullopt;
  return pattern;
}

// mod_proxy's comparison: a path matches itself and what is below it.
bool has_all_of(const RouteRank& outer, const RouteRank& inner) noexcept {
  if (outer.pattern && !inner.pattern) {
    const auto begins = beginning(outer.path);
    return begins && inner.path.starts_with(*begins);
  }
  if (outer.pattern || inner.pattern) return outer.pattern == inner.pattern && outer.path == inner.path;
  if (!inner.path.starts_with(outer.path)) return false;
  return inner.path.size() == outer.path.size() || outer.path.ends_with('/') ||
         inner.path[outer.path.size()] == '/';
}

// Whether `later` is looked at although `earlier` would match.
bool goes_first(const RouteRank& later, const RouteRank& earlier) noexcept {
  return later.encoded && !earlier.encoded;
}

}  // namespace

bool hides(const RouteRank& earlier, const RouteRank& later) noexcept {
  return !later.in_section && !goes_first(later, earlier) && has_all_of(earlier, later);
}

bool is_hidden_by(const RouteRank& earlier, const RouteRank& later) noexcept {
  return later.in_section && !goes_first(earlier, later) && has_all_of(later, earlier);
}

}  // namespace wsflow::config
