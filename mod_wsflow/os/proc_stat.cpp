#include "mod_wsflow/os/proc_stat.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

std::optional<ProcStat> ProcStat::of(pid_t pid) noexcept {
  base::Text<32> path;
  path << "/proc/" << pid << "/stat" << std::string_view("\0", 1);
  const base::UniqueFd file(::open(path.view().data(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  ProcStat result;
  const auto got = ::read(file.get(), result.line_.data(), result.line_.size());
  if (got <= 0) return std::nullopt;
  result.size_ = static_cast<std::size_t>(got);
  // The second field, the name of the program, stands in parentheses and may itself hold parentheses and
  // blanks.
  const auto name_end = std::string_view(result.line_.data(), result.size_).rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 >= result.size_) return std::nullopt;
  result.third_ = name_end + 2;
  return result;
}

std::string_view ProcStat::field(int number) const noexcept {
  std::string_view rest(line_.data() + third_, size_ - third_);
  for (int i = 3; i < number; ++i) {
    const auto end = rest.find(' ');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  return rest.substr(0, rest.find_first_of(" \n"));
}

std::uint64_t ProcStat::number(int field_number) const noexcept {
  const auto text = field(field_number);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace wsflow::os
