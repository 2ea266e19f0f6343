#include "mod_wsflow/os/random.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace wsflow::os {

std::uint64_t random64() noexcept {
  std::uint64_t value = 0;
  // The kernel returns up to 256 bytes whole once its pool is ready. Only a signal makes another try
  // necessary.
  while (::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
    if (errno != EINTR) std::abort();
  }
  return value;
}

std::uint32_t random32() noexcept {
  return static_cast<std::uint32_t>(random64());
}

}  // namespace wsflow::os
