#pragma once

#include <cstdint>
#include <string>

namespace wsflow::capacity {

// "20,000"
std::string grouped(std::uint64_t number);
// "1 child", "2 children"
std::string counted(std::uint64_t number, const char* one, const char* many);
// "3.5 GiB"
std::string in_bytes(std::uint64_t bytes);
// The next multiple of `step`.
constexpr std::uint64_t round_up(std::uint64_t number, std::uint64_t step) noexcept {
  return (number + step - 1) / step * step;
}

}  // namespace wsflow::capacity
