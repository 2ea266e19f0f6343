#pragma once

#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// The table in the hands of whoever has its lock. Lock alone makes one, and no copy outlives the Lock: what
// takes a LockedTable cannot be called without the lock.
class LockedTable {
 public:
  Table* operator->() const noexcept { return &table_; }
  template <class Record>
  Record& operator[](Ref<Record> ref) const noexcept {
    return table_[ref];
  }

 private:
  friend class Lock;
  explicit LockedTable(Table& table) noexcept : table_(table) {}

  Table& table_;
};

}  // namespace wsflow::limits
