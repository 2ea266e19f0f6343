#include "mod_wsflow/os/text_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

std::optional<std::string> read_text(const std::string& path, std::size_t most) {
  const base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string text;
  char buffer[4096];
  while (text.size() < most) {
    const auto got = ::read(file.get(), buffer, std::min(sizeof(buffer), most - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace wsflow::os
