#pragma once

#include "mod_wsflow/limits/slot_wakeups.hpp"
#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// Holds the table's lock. Whoever gets it first after a process died with it puts the table right. The
// destructor rings for what was granted, unlocks, and sees to what others have given back meanwhile.
class Lock {
 public:
  // How long those wait who need the lock: only a process that was stopped with it makes them wait so long.
  static constexpr Micros kPatience = kSecond;

  // Waits for the lock at most `patience`; 0: only tries.
  Lock(Table& table, const SlotWakeups& wakeups, Micros patience) noexcept;
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  explicit operator bool() const noexcept { return held_; }
  // The process in `slot` number has something granted.
  void ring(std::uint32_t slot) noexcept { rings_ |= std::uint64_t{1} << (slot % SlotWakeups::kCount); }

 private:
  void take(Micros patience) noexcept;

  Table& table_;
  const SlotWakeups& wakeups_;
  std::uint64_t rings_ = 0;
  bool held_ = false;
};

}  // namespace wsflow::limits
