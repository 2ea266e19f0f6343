#include "mod_wsflow/limits/slot_wakeups.hpp"

#include <bit>
#include <cerrno>
#include <utility>

#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::limits {

SlotWakeups::Descriptors SlotWakeups::open() noexcept {
  Descriptors fds;
  fds.fill(-1);
  for (auto& fd : fds) {
    fd = os::Wakeup::open();
    if (fd >= 0) continue;
    const int error = errno;
    // Half of them would leave some processes without a bell.
    for (auto& opened : fds) base::UniqueFd(std::exchange(opened, -1)).reset();
    errno = error;
    break;
  }
  return fds;
}

void SlotWakeups::ring(std::uint64_t wakeups) const noexcept {
  for (; wakeups != 0; wakeups &= wakeups - 1) {
    const int fd = fds_[static_cast<std::size_t>(std::countr_zero(wakeups))];
    if (fd >= 0) os::Wakeup::ring(fd);
  }
}

}  // namespace wsflow::limits
