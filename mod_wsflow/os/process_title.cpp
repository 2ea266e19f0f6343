#include "mod_wsflow/os/process_title.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <span>

#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

namespace {

// Where the kernel has put the arguments: fields 48 and 49 of /proc/self/stat (proc(5)). Empty if unknown.
std::span<char> argument_memory() noexcept {
  const base::UniqueFd file(::open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
  char text[2048];
  const auto got = ::read(file.get(), text, sizeof text);
  if (got <= 0) return {};
  std::string_view stat(text, static_cast<std::size_t>(got));
  // The second field, the name, may hold blanks; it ends with the last parenthesis.
  stat.remove_prefix(std::min(stat.rfind(')'), stat.size()));
  std::uintptr_t bounds[2] = {};
  for (int field = 2; field < 48; ++field) stat.remove_prefix(std::min(stat.find(' ') + 1, stat.size()));
  for (auto& bound : bounds) {
    std::from_chars(stat.data(), stat.data() + stat.size(), bound);
    stat.remove_prefix(std::min(stat.find(' ') + 1, stat.size()));
  }
  // Under a debugger that runs the program in itself (valgrind) the kernel tells the place of its arguments.
  if (bounds[0] != reinterpret_cast<std::uintptr_t>(program_invocation_name) || bounds[1] <= bounds[0])
    return {};
  return {program_invocation_name, bounds[1] - bounds[0]};
}

}  // namespace

void set_process_title(std::string_view title, const char* name) noexcept {
  ::prctl(PR_SET_NAME, name);
  const auto memory = argument_memory();
  if (memory.empty()) return;
  std::memset(memory.data(), 0, memory.size());
  std::memcpy(memory.data(), title.data(), std::min(title.size(), memory.size() - 1));
}

}  // namespace wsflow::os
