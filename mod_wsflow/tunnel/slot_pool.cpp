#include "mod_wsflow/tunnel/slot_pool.hpp"

#include <new>

#include "mod_wsflow/base/assert.hpp"
#include "mod_wsflow/os/memory_block.hpp"

namespace wsflow::tunnel {

SlotPool::SlotPool(std::size_t slot_size) noexcept : slot_size_(slot_size) {
  WSFLOW_ASSERT(slot_size % kAlignment == 0 && slots_in_block() != 0);
}

SlotPool::~SlotPool() {
  const base::MutexLock lock(mutex_);
  // The one that give_back() keeps.
  if (with_room_ != nullptr && with_room_->used == 0) {
    os::unmap_block(with_room_);
    --blocks_;
  }
  WSFLOW_ASSERT(blocks_ == 0);
}

std::size_t SlotPool::slots_in_block() const noexcept {
  return (os::kBlockSize - kAlignment) / slot_size_;
}

std::size_t SlotPool::blocks() noexcept {
  const base::MutexLock lock(mutex_);
  return blocks_;
}

void SlotPool::add(Block& block) noexcept {
  block.previous = nullptr;
  block.next = with_room_;
  if (with_room_ != nullptr) with_room_->previous = &block;
  with_room_ = &block;
}

void SlotPool::remove(Block& block) noexcept {
  (block.previous != nullptr ? block.previous->next : with_room_) = block.next;
  if (block.next != nullptr) block.next->previous = block.previous;
}

void* SlotPool::take() noexcept {
  const base::MutexLock lock(mutex_);
  if (with_room_ == nullptr) {
    void* const memory = os::map_block();
    if (memory == nullptr) return nullptr;
    add(*::new (memory) Block{this});
    ++blocks_;
  }
  auto& block = *with_room_;
  void* slot = block.free;
  if (slot != nullptr) {
    block.free = block.free->next;
  } else {
    slot = reinterpret_cast<std::byte*>(&block) + kAlignment + block.made * slot_size_;
    ++block.made;
  }
  ++block.used;
  if (full(block)) remove(block);
  return slot;
}

void SlotPool::give_back(void* slot) noexcept {
  auto& block = *static_cast<Block*>(os::block_of(slot));
  block.pool->give_back(block, slot);
}

void SlotPool::give_back(Block& block, void* slot) noexcept {
  const base::MutexLock lock(mutex_);
  if (full(block)) add(block);
  block.free = ::new (slot) FreeSlot{block.free};
  --block.used;
  // One empty block is kept, unless others have room.
  if (block.used != 0 || (block.previous == nullptr && block.next == nullptr)) return;
  remove(block);
  os::unmap_block(&block);
  --blocks_;
}

}  // namespace wsflow::tunnel
