#pragma once

#include <atomic>

#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// Writes what is the truth of a record, after all that was written before and before all that is written
// later, as a process that is killed leaves it: what has been executed is in the shared memory, so only the
// compiler must be kept from moving it.
template <class Value>
void commit(Value& place, Value value) noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  place = value;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}
inline void commit(PermitRecord& permit, PermitState state) noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  permit.state.store(static_cast<std::uint32_t>(state), std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}
inline PermitState state_of(const PermitRecord& permit) noexcept {
  return static_cast<PermitState>(permit.state.load(std::memory_order_acquire));
}

}  // namespace wsflow::limits
