#pragma once

#include <string>
#include <string_view>

namespace wsflow::status {

// A page up to the beginning of its body: its title, for a screen of any width, and the style. `title_html`
// is inserted as it is.
std::string page_begin(std::string_view title_html);

// The script of the page, which works without it.
extern const char kPageScript[];

}  // namespace wsflow::status
