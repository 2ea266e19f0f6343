#pragma once

#include <cstddef>
#include <cstdint>

#include "mod_wsflow/base/mutex.hpp"

namespace wsflow::tunnel {

// Memory for many objects of one size that come and go on several threads: the tunnels of a process. The
// allocator of the C library adds a header to each, and keeps them between the short-lived blocks of the
// worker threads that make them, where they hold whole pages. Slots stand side by side in blocks of their
// own, and an empty block goes back to the kernel. Every thread; after a fork, a process with one thread may
// go on with it.
class SlotPool {
 public:
  // A slot has `slot_size` bytes, a multiple of kAlignment, and is aligned to that.
  explicit SlotPool(std::size_t slot_size) noexcept;
  // Pre: every slot has come back.
  ~SlotPool();
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;

  // nullptr: memory is out.
  void* take() noexcept;
  // Gives a slot back to the pool that it is from.
  static void give_back(void* slot) noexcept;

  static constexpr std::size_t kAlignment = 64;  // a line of the processor's cache
  std::size_t slots_in_block() const noexcept;
  // Blocks that are in use or kept.
  std::size_t blocks() noexcept;

 private:
  struct FreeSlot {
    FreeSlot* next;
  };
  // Stands at the beginning of its block; the slots follow. The first `made` of them were in use at some
  // time, so that no page is touched before it is needed.
  struct Block {
    SlotPool* pool;
    Block* previous = nullptr;  // neighbours in the list of blocks with room
    Block* next = nullptr;
    FreeSlot* free = nullptr;  // slots that came back
    std::uint32_t made = 0;
    std::uint32_t used = 0;
  };
  static_assert(sizeof(Block) <= kAlignment);

  void give_back(Block& block, void* slot) noexcept;
  void add(Block& block) noexcept WSFLOW_REQUIRES(mutex_);
  void remove(Block& block) noexcept WSFLOW_REQUIRES(mutex_);
  bool full(const Block& block) const noexcept { return block.used == slots_in_block(); }

  const std::size_t slot_size_;
  base::Mutex mutex_;
  Block* with_room_ WSFLOW_GUARDED_BY(mutex_) = nullptr;  // owned, as all blocks
  std::size_t blocks_ WSFLOW_GUARDED_BY(mutex_) = 0;
};

}  // namespace wsflow::tunnel
