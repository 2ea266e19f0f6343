#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wsflow::os {

// The content of /proc/PID/stat at one moment. Fields are numbered as in proc(5).
class ProcStat {
 public:
  // Nothing if the file cannot be read.
  static std::optional<ProcStat> of(pid_t pid) noexcept;

  // The text of a field. Empty if it is missing. Pre: number >= 3.
  std::string_view field(int number) const noexcept;
  // The value of a field; 0 if it is no number.
  std::uint64_t number(int field_number) const noexcept;

 private:
  std::array<char, 2048> line_;
  std::size_t size_ = 0;
  std::size_t third_ = 0;  // offset of the third field
};

}  // namespace wsflow::os
