#pragma once

#include <string_view>

namespace wsflow::config {

// Which of two routes gets the requests that both match.

struct RouteRank {
  std::string_view path;
  bool in_section;  // a <Location>'s
  bool pattern;     // compared as a text
  bool encoded;     // looked at before those that are not
};

// Whether `later`, which stands further down, gets nothing because of `earlier`.
bool hides(const RouteRank& earlier, const RouteRank& later) noexcept;
// Whether `earlier` gets nothing because of `later`: routes of sections go first, and of those the last wins.
bool is_hidden_by(const RouteRank& earlier, const RouteRank& later) noexcept;

}  // namespace wsflow::config
