#include "mod_wsflow/shm/owner.hpp"

#include <unistd.h>

#include "mod_wsflow/os/pids.hpp"

namespace wsflow::shm {

Owner Owner::self() noexcept {
  return of(::getpid());
}

Owner Owner::of(pid_t pid) noexcept {
  return make(static_cast<std::uint32_t>(pid), os::start_ticks(pid));
}

bool Owner::gone() const noexcept {
  return os::gone(static_cast<pid_t>(pid()), ticks());
}

}  // namespace wsflow::shm
