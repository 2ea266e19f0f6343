#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace wsflow::shm {

// The shared segment: header | totals | process slots. It is made once by the parent in the process pool and
// kept across graceful reloads; children inherit the mapping, so addresses are the same everywhere, but
// nothing in it is a pointer all the same. Who writes what:
//   totals          the parent alone, when it folds the slot of a process that has ended
//   fold_sequence   likewise; odd while a fold is under way, so that a reader can take a consistent sum
//   a slot          its own process: claimed by compare-and-swap on `pid`, counters added with relaxed
//   atomics by
//                   its workers and loop threads; freed by the parent
inline constexpr std::uint64_t kMagic = 0x77666c6f77736567;  // "wsflowseg"
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kSlots = 512;
inline constexpr std::size_t kCounterCapacity = 128;

using Counter = std::atomic<std::uint64_t>;
static_assert(Counter::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);

struct alignas(64) ProcessSlot {
  std::atomic<std::uint32_t> pid;  // 0: free
  std::atomic<std::uint32_t> generation;
  std::atomic<std::int64_t> started;         // seconds of the epoch
  std::atomic<std::uint64_t> active;         // tunnels in the engine now
  std::atomic<std::uint64_t> active_worker;  // tunnels that hold a worker thread now
  std::atomic<std::uint64_t> max_tunnels;    // how many this process takes
  Counter counters[kCounterCapacity];
};

struct Layout {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t slots;
  std::atomic<std::uint64_t> fold_sequence;
  Counter totals[kCounterCapacity];
  ProcessSlot slot[kSlots];
};

}  // namespace wsflow::shm
