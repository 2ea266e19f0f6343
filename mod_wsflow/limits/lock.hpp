#pragma once

#include "mod_wsflow/limits/locked_table.hpp"
#include "mod_wsflow/limits/slot_wakeups.hpp"

namespace wsflow::limits {

// Holds the table's lock, if it got it: its value says so, and must be asked before table(). The constructor
// repairs the table if the process that had the lock before died with it. The destructor rings for what was
// granted, unlocks, and collects what other processes have given back meanwhile.
class WSFLOW_SCOPED_CAPABILITY Lock {
 public:
  // The patience of those who need the lock: only a process that was stopped with it makes them wait so long.
  static constexpr Micros kPatience = kSecond;

  // Waits for the lock at most `patience`; 0: only tries.
  Lock(Table& table, const SlotWakeups& wakeups, Micros patience) noexcept WSFLOW_EXCLUDES(table, table_);
  ~Lock() WSFLOW_RELEASE();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  explicit operator bool() const noexcept WSFLOW_TRY_ACQUIRE(true) { return held_; }
  LockedTable table() const noexcept WSFLOW_REQUIRES(table_) { return LockedTable(table_); }
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
