#pragma once

#include <vector>

namespace wsflow::os {

// Closes every descriptor of this process that is not in `keep`. Pre: the process has one thread.
void close_all_except(std::vector<int> keep) noexcept;

}  // namespace wsflow::os
