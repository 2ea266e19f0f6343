#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/presence/batch.hpp"

namespace wsflow::presence {

// Longest line: a pipe takes it in one piece.
inline constexpr std::size_t kLongestLine = 4096;

// A change as a line of JSON, with its newline: id, event (join or leave), time, list, route, key, session
// (when it began), node. docs/presence.md tells what they mean.
std::string change_line(const Change& change, std::string_view node);

}  // namespace wsflow::presence
