#pragma once

#include <sys/mman.h>

#include <new>
#include <span>
#include <vector>

#include "mod_wsflow/flow/definitions.hpp"

namespace wsflow::test {

// Puts limits into a table, as the processes of a generation do.
inline bool define(flow::Control& control, std::span<const flow::Definition> definitions,
                   std::uint32_t generation, std::uint32_t thread_share, flow::Micros now) {
  std::vector<flow::Place> places(definitions.size());
  return flow::define(control, definitions, generation, flow::Arrival::steady, thread_share, now, places);
}

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
