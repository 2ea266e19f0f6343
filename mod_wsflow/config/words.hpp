#pragma once

#include <string>
#include <string_view>

namespace wsflow::config {

// The words of a directive.

// True if something is left behind the spaces.
bool skip_spaces(std::string_view& text) noexcept;

// Cuts the first word off. A quote, at its beginning or behind its first '=', lasts to the next of its kind;
// a backslash inside takes that, and itself, as it is. False if the quote has no end, or the word goes on
// behind it.
bool take_word(std::string_view& text, std::string& word);

}  // namespace wsflow::config
