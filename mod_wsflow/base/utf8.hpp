#pragma once

#include <string>
#include <string_view>

namespace wsflow::base {

// Copies `text` with U+FFFD for each byte that is no part of valid UTF-8. Texts of clients, and texts that
// were cut, go into documents that must be valid.
std::string valid_utf8(std::string_view text);
// valid_utf8(), with U+FFFD for each control character, too: people read these documents, perhaps in a
// terminal.
std::string printable_utf8(std::string_view text);

}  // namespace wsflow::base
