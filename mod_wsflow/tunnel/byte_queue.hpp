#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace wsflow::tunnel {

// Bytes that could not be written yet, in order. Owns memory only while it holds bytes. One loop thread.
class ByteQueue {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  // The bytes, in one piece; valid until the next change.
  std::span<const std::uint8_t> front() const noexcept { return {buffer_.get() + head_, size_}; }

  void append(std::span<const std::uint8_t> bytes);
  // Drops the first `count` bytes. Pre: count <= size(). Gives the memory back when nothing is left.
  void pop(std::size_t count) noexcept;
  void clear() noexcept { pop(size_); }

 private:
  std::unique_ptr<std::uint8_t[]> buffer_;  // owned; none while empty
  std::uint32_t capacity_ = 0;
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace wsflow::tunnel
