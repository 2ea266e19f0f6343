#pragma once

#include <string>
#include <string_view>

namespace wsflow::presence {

// Bytes of a key that is stored as it is, at most.
inline constexpr std::size_t kLongestKey = 255;

// The text under which a key is stored. A key of valid UTF-8 without control characters, of kLongestKey bytes
// at most, is stored as it is; any other one as "sha256:" and 64 digits, the same on every node. Any thread.
std::string stored_key(std::string_view key);

}  // namespace wsflow::presence
