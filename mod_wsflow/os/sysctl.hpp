#pragma once

#include <cstdint>
#include <string_view>

namespace wsflow::os {

// Reads a kernel setting that is one whole number, by its path below /proc/sys ("net/core/rmem_max"); 0 if it
// cannot be read.
std::uint64_t sysctl(std::string_view path) noexcept;

}  // namespace wsflow::os
