#pragma once

#include <atomic>
#include <cstdint>

namespace wsflow::shm {

// Whether this is the first time that a reason (one bit or more) is met in a generation, over all processes.
// `told` has the newest generation that has asked in its upper half, and what it has met in the lower one.
// Processes of older generations have nothing to say any more. Lock-free; any process, any thread.
inline bool first_in_generation(std::atomic<std::uint64_t>& told, std::uint32_t generation,
                                std::uint32_t reason) noexcept {
  auto current = told.load(std::memory_order_relaxed);
  for (;;) {
    const auto newest = static_cast<std::uint32_t>(current >> 32U);
    const auto met = newest == generation ? static_cast<std::uint32_t>(current) : 0U;
    if (newest > generation || (met & reason) == reason) return false;
    const auto wanted = (std::uint64_t{generation} << 32U) | met | reason;
    if (told.compare_exchange_weak(current, wanted, std::memory_order_relaxed)) return true;
  }
}

}  // namespace wsflow::shm
