#pragma once

#include <atomic>

#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// The last store of a record, the one that repair() trusts: LimitRecord::used, Entry::limit,
// PermitRecord::state, Waiter::permit, Table::defined_by; and of Share::until, for the same reason. A process
// that is killed leaves in the shared memory all that it has executed, so only the compiler must not move a
// store across this one.
template <class Value>
void commit(Value& field, Value value) noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  field = value;
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
