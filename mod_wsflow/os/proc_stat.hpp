#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wsflow::os {

// One look at /proc/PID/stat; fields have the numbers of proc(5).
class ProcStat {
 public:
  // Nothing if it cannot be read.
  static std::optional<ProcStat> of(pid_t pid) noexcept;

  // A field from the third on; empty if there is none.
  std::string_view field(int number) const noexcept;
  // 0 if it is none.
  std::uint64_t number(int field_number) const noexcept;

 private:
  std::array<char, 2048> line_;
  std::size_t size_ = 0;
  std::size_t third_ = 0;  // where the third field begins
};

}  // namespace wsflow::os
