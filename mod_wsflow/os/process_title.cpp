#include "mod_wsflow/os/process_title.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>

#include "mod_wsflow/os/proc_stat.hpp"

namespace wsflow::os {

namespace {

// The memory of the arguments: fields 48 and 49 of /proc/self/stat (proc(5)). Empty if unknown.
std::span<char> argument_memory() noexcept {
  const auto stat = ProcStat::of(::getpid());
  if (!stat) return {};
  const std::uintptr_t bounds[2] = {stat->number(48), stat->number(49)};
  // Under valgrind, which runs the program in its own process, the kernel reports valgrind's arguments.
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
