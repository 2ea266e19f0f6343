#pragma once

#include <sys/mman.h>

#include <new>

#include "mod_wsflow/flow/definitions.hpp"

namespace wsflow::test {

// A fresh table of limits that forked processes share.
class FlowTable {
 public:
  FlowTable()
      : memory_(::mmap(nullptr, sizeof(flow::Table), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    table_ = ::new (memory_) flow::Table;
    flow::initialise(*table_, {1, 2, 3, 4});
  }
  ~FlowTable() { ::munmap(memory_, sizeof(flow::Table)); }
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  flow::Table& operator*() noexcept { return *table_; }
  flow::Table* operator->() noexcept { return table_; }

 private:
  void* memory_;
  flow::Table* table_;
};

}  // namespace wsflow::test
