#pragma once

#include <string>
#include <string_view>

namespace wsflow::base {

// `text` with U+FFFD in place of each byte that is no part of valid UTF-8: what clients have sent, and what
// was cut, goes into documents that must be valid.
std::string valid_utf8(std::string_view text);
// The same with U+FFFD in place of each control character, too: for documents that people read, perhaps in a
// terminal.
std::string printable_utf8(std::string_view text);

}  // namespace wsflow::base
