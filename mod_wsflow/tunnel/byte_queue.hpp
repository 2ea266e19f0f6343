#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace wsflow::tunnel {

// A FIFO of bytes that could not be written yet. Owns memory only while it holds bytes. It has no bound of
// its own: the tunnel stops reading the other side at a high watermark (Options::high_watermark) and reads it
// again at half of that, the low watermark. One loop thread.
class ByteQueue {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  // All bytes in one piece; valid until the next change.
  std::span<const std::uint8_t> front() const noexcept { return {buffer_.get() + head_, size_}; }

  void append(std::span<const std::uint8_t> bytes);
  // Drops the first `count` bytes, and frees the memory with the last one. Pre: count <= size().
  void pop(std::size_t count) noexcept;
  void clear() noexcept { pop(size_); }

 private:
  std::unique_ptr<std::uint8_t[]> buffer_;  // owned; none while empty
  std::uint32_t capacity_ = 0;
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace wsflow::tunnel
