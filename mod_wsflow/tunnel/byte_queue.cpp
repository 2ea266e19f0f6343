#include "mod_wsflow/tunnel/byte_queue.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "mod_wsflow/base/assert.hpp"

namespace wsflow::tunnel {

void ByteQueue::append(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return;
  const std::size_t needed = size_ + bytes.size();
  if (needed > capacity_) {
    const std::size_t capacity = std::bit_ceil(std::max<std::size_t>(needed, 512));
    auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    if (size_ != 0) std::memcpy(larger.get(), buffer_.get() + head_, size_);
    buffer_ = std::move(larger);
    capacity_ = static_cast<std::uint32_t>(capacity);
    head_ = 0;
  } else if (head_ + needed > capacity_) {
    std::memmove(buffer_.get(), buffer_.get() + head_, size_);
    head_ = 0;
  }
  std::memcpy(buffer_.get() + head_ + size_, bytes.data(), bytes.size());
  size_ = static_cast<std::uint32_t>(needed);
}

void ByteQueue::pop(std::size_t count) noexcept {
  WSFLOW_ASSERT(count <= size_);
  size_ -= static_cast<std::uint32_t>(count);
  head_ += static_cast<std::uint32_t>(count);
  if (size_ == 0) {
    buffer_.reset();
    capacity_ = 0;
    head_ = 0;
  }
}

}  // namespace wsflow::tunnel
