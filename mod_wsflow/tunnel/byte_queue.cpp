#include "mod_wsflow/tunnel/byte_queue.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "mod_wsflow/base/assert.hpp"

namespace wsflow::tunnel {

void ByteQueue::append(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return;
  if (!waiting_) waiting_ = std::make_unique<Waiting>();
  auto& [buffer, capacity, head, size, pipe] = *waiting_;
  const std::size_t needed = size + bytes.size();
  if (needed > capacity) {
    const std::size_t larger_capacity = std::bit_ceil(std::max<std::size_t>(needed, 512));
    auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(larger_capacity);
    if (size != 0) std::memcpy(larger.get(), buffer.get() + head, size);
    buffer = std::move(larger);
    capacity = static_cast<std::uint32_t>(larger_capacity);
    head = 0;
  } else if (head + needed > capacity) {
    std::memmove(buffer.get(), buffer.get() + head, size);
    head = 0;
  }
  std::memcpy(buffer.get() + head + size, bytes.data(), bytes.size());
  size = static_cast<std::uint32_t>(needed);
}

void ByteQueue::pop(std::size_t count) noexcept {
  WSFLOW_ASSERT(count <= front().size());
  WSFLOW_ASSERT(pipe() == nullptr);
  if (!waiting_) return;
  waiting_->size -= static_cast<std::uint32_t>(count);
  waiting_->head += static_cast<std::uint32_t>(count);
  if (waiting_->size == 0) waiting_.reset();
}

void ByteQueue::hold(PipePool::Lease pipe) {
  WSFLOW_ASSERT(empty() && !pipe->empty());
  waiting_ = std::make_unique<Waiting>();
  waiting_->pipe = std::move(pipe);
  waiting_->pipe.hold_by(*this);
}

void ByteQueue::release_empty_pipe() noexcept {
  if (!waiting_ || !waiting_->pipe || !waiting_->pipe->empty()) return;
  if (waiting_->size == 0) {
    waiting_.reset();
  } else {
    PipePool::Lease(std::move(waiting_->pipe));
  }
}

bool ByteQueue::leave_pipe() {
  const auto spliced = waiting_->pipe->size();
  const auto all = spliced + waiting_->size;
  auto buffer = std::make_unique_for_overwrite<std::uint8_t[]>(all);
  if (!waiting_->pipe->take({buffer.get(), spliced})) return false;
  if (waiting_->size != 0)
    std::memcpy(buffer.get() + spliced, waiting_->buffer.get() + waiting_->head, waiting_->size);
  waiting_->buffer = std::move(buffer);
  waiting_->capacity = waiting_->size = static_cast<std::uint32_t>(all);
  waiting_->head = 0;
  PipePool::Lease(std::move(waiting_->pipe));
  return true;
}

}  // namespace wsflow::tunnel
