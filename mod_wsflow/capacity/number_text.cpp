#include "mod_wsflow/capacity/number_text.hpp"

#include <array>

namespace wsflow::capacity {

std::string grouped(std::uint64_t number) {
  auto digits = std::to_string(number);
  for (auto at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string counted(std::uint64_t number, const char* one, const char* many) {
  return grouped(number) + " " + (number == 1 ? one : many);
}

std::string in_bytes(std::uint64_t bytes) {
  constexpr std::array kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes > ~std::uint64_t{0} / 10; ++unit) bytes /= 1024;
  auto tenths = bytes * 10;
  for (; tenths >= 10240 && unit + 1 < kUnits.size(); ++unit) tenths /= 1024;
  auto text = grouped(tenths / 10);
  if (unit > 0 && tenths < 1000 && tenths % 10 != 0) text.append(1, '.').append(std::to_string(tenths % 10));
  return text + " " + kUnits[unit];
}

}  // namespace wsflow::capacity
