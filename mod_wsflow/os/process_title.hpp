#pragma once

#include <string_view>

namespace wsflow::os {

// Sets the command line of this process (ps, top) to `title`, cut to the memory of the original arguments,
// and its short name to `name` (at most 15 characters).
void set_process_title(std::string_view title, const char* name) noexcept;

}  // namespace wsflow::os
