#pragma once

#include <sys/mman.h>

#include <new>
#include <span>
#include <vector>

#include "mod_wsflow/limits/definitions.hpp"

namespace wsflow::test {

// Puts limits into a table, as the processes of a generation do.
inline bool define(const limits::LimitsAccess& access, std::span<const limits::LimitDefinition> definitions,
                   std::uint32_t generation, std::uint32_t thread_share, limits::Micros now) {
  std::vector<limits::LimitHandle> handles(definitions.size());
  return limits::define(access, definitions, generation, limits::Arrival::steady, thread_share, now, handles);
}

// A fresh table of limits that forked processes share.
class LimitsTable {
 public:
  LimitsTable()
      : memory_(::mmap(nullptr, sizeof(limits::Table), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    table_ = ::new (memory_) limits::Table;
    limits::initialise(*table_, {1, 2, 3, 4});
  }
  ~LimitsTable() { ::munmap(memory_, sizeof(limits::Table)); }
  LimitsTable(const LimitsTable&) = delete;
  LimitsTable& operator=(const LimitsTable&) = delete;

  limits::Table& operator*() noexcept { return *table_; }
  limits::Table* operator->() noexcept { return table_; }

 private:
  void* memory_;
  limits::Table* table_;
};

}  // namespace wsflow::test
