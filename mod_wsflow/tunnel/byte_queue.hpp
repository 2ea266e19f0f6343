#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "mod_wsflow/tunnel/pipe_pool.hpp"

namespace wsflow::tunnel {

// A FIFO of bytes that could not be written yet: first those in a pipe, if there is one, then those in
// memory. Owns memory only while it holds bytes. It has no bound of its own: the tunnel stops reading the
// other side at a high watermark (Options::high_watermark) and reads it again at half of that, the low
// watermark. One loop thread.
class ByteQueue {
 public:
  bool empty() const noexcept { return !waiting_; }
  std::size_t size() const noexcept {
    return waiting_ ? waiting_->size + (waiting_->pipe ? waiting_->pipe->size() : 0) : 0;
  }

  // The bytes in memory, in one piece; valid until the next change.
  std::span<const std::uint8_t> front() const noexcept {
    if (!waiting_) return {};
    return {waiting_->buffer.get() + waiting_->head, waiting_->size};
  }

  void append(std::span<const std::uint8_t> bytes);
  // Drops the first `count` bytes in memory, and frees the memory with the last byte of all. Pre: no bytes
  // are in a pipe, and count <= size().
  void pop(std::size_t count) noexcept;
  void clear() noexcept { waiting_.reset(); }

  // The pipe that holds the first bytes; nullptr: none does.
  os::SplicePipe* pipe() noexcept { return waiting_ && waiting_->pipe ? &*waiting_->pipe : nullptr; }
  // True if all bytes are in the pipe, so that more can follow there.
  bool all_in_pipe() const noexcept { return waiting_ && waiting_->pipe && waiting_->size == 0; }
  // Takes over a pipe with bytes. Pre: empty().
  void hold(PipePool::Lease pipe);
  // Gives the pipe back if it is empty.
  void release_empty_pipe() noexcept;
  // Moves the bytes in the pipe to memory, and gives the pipe back. False: they are still in the pipe.
  bool leave_pipe();

 private:
  struct Waiting {
    std::unique_ptr<std::uint8_t[]> buffer;  // owned
    std::uint32_t capacity = 0;
    std::uint32_t head = 0;
    std::uint32_t size = 0;
    PipePool::Lease pipe;  // owned; holds bytes in front of those in `buffer`
  };
  std::unique_ptr<Waiting> waiting_;  // owned; none while empty
};
static_assert(sizeof(ByteQueue) == 8, "two are part of every idle tunnel");

}  // namespace wsflow::tunnel
