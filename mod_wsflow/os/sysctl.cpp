#include "mod_wsflow/os/sysctl.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

std::uint64_t sysctl(std::string_view path) noexcept {
  base::Text<128> name;
  name << "/proc/sys/" << path << std::string_view("\0", 1);
  const base::UniqueFd file(::open(name.view().data(), O_RDONLY | O_CLOEXEC));
  char text[32];
  const auto got = file ? ::read(file.get(), text, sizeof(text)) : 0;
  std::uint64_t value = 0;
  if (got > 0) std::from_chars(text, text + got, value);
  return value;
}

}  // namespace wsflow::os
