#include "mod_wsflow/os/wakeup.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace wsflow::os {

Wakeup::Wakeup() noexcept : fd_(open()) {}

int Wakeup::open() noexcept {
  return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void Wakeup::ring(int fd) noexcept {
  const std::uint64_t one = 1;
  // The write fails only if the counter is full; then the loop is awake anyway.
  [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
}

void Wakeup::clear() const noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd_.get(), &count, sizeof count);
}

}  // namespace wsflow::os
