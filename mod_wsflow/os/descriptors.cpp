#include "mod_wsflow/os/descriptors.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace wsflow::os {

namespace {

void close_range(unsigned first, unsigned last) noexcept {
  if (::syscall(SYS_close_range, first, last, 0U) == 0) return;
  // A kernel before 5.9: close one by one up to the limit.
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  for (auto fd = first; fd <= last && fd < limit.rlim_cur; ++fd) ::close(static_cast<int>(fd));
}

}  // namespace

void close_all_except(std::vector<int> keep) noexcept {
  std::sort(keep.begin(), keep.end());
  unsigned next = 0;
  for (const int fd : keep) {
    if (fd < 0 || static_cast<unsigned>(fd) < next) continue;  // not a descriptor, or a duplicate
    const auto kept = static_cast<unsigned>(fd);
    if (kept > next) close_range(next, kept - 1);
    next = kept + 1;
  }
  close_range(next, ~0U);
}

}  // namespace wsflow::os
