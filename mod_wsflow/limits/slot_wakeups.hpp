#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::limits {

// Event descriptors by which a process tells another that a permit was granted to it. Made once by the
// parent, inherited by all processes of all generations; a slot's bell is slot % kCount. They are watched
// edge-triggered and never read, so several processes may share one.
class SlotWakeups {
 public:
  static constexpr std::size_t kCount = 64;

  // Takes over descriptors that open() has made, in this process or its parent. -1: none; ring() does
  // nothing.
  using Descriptors = std::array<int, kCount>;
  SlotWakeups() noexcept { fds_.fill(-1); }
  explicit SlotWakeups(const Descriptors& fds) noexcept : fds_(fds) {}
  // Fresh ones, closed on exec; all -1 and errno if the system has no more. They are never closed: they go
  // with the process.
  static Descriptors open() noexcept;

  int fd(std::uint32_t slot) const noexcept { return fds_[slot % kCount]; }
  // Rings each bell whose bit is set. Never waits.
  void ring(std::uint64_t wakeups) const noexcept;

 private:
  Descriptors fds_;
};

}  // namespace wsflow::limits
