#pragma once

#include <string_view>

namespace wsflow::os {

// Shows `title` as the command line of this process (ps, top), as far as it fits over the arguments that the
// process was started with, and `name` (at most 15 characters) as its short name.
void set_process_title(std::string_view title, const char* name) noexcept;

}  // namespace wsflow::os
