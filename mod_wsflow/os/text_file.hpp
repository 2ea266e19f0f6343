#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace wsflow::os {

// The text of a small file, as those of /proc are: at most `most` bytes of it. Nothing, with errno set: it
// cannot be read.
std::optional<std::string> read_text(const std::string& path, std::size_t most);

}  // namespace wsflow::os
