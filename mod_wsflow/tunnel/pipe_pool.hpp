#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "mod_wsflow/os/splice_pipe.hpp"

namespace wsflow::tunnel {

class ByteQueue;

// What is spliced; in bytes. Measured: docs/internals/life-of-a-tunnel.md, 7.
struct SpliceSizes {
  // Frames with at least this payload are spliced, once others were as large.
  std::size_t frame = 16UL * 1024;
  // So much of what comes next is looked at, to find the header of the next large frame behind smaller ones.
  std::size_t head = 512;
  // The end of a payload that is no longer than this is looked at together with the next header.
  std::size_t tail = 2048;
  // Less than this is copied faster than it is spliced.
  std::size_t small_piece = 8192;
  // The first piece, as large as a read of the loop. A peer that takes pieces at once gets twice that, then
  // four times, so that few bytes wait for a slow one.
  std::size_t piece = 65UL * 1024;
};

// The pipes of one loop. A direction of a tunnel borrows one while it moves a payload through it, and keeps
// it while bytes in it wait for a slow peer. If all are lent when another direction needs one, the bytes that
// have waited longest move to memory, and their pipe is free. It owns the pipes. The thread that runs the
// loop.
class PipePool {
 public:
  static constexpr std::size_t kPipes = 8;
  // Descriptors that a loop's pool takes at most.
  static constexpr std::size_t kDescriptors = 2 * kPipes;

  explicit PipePool(const SpliceSizes& sizes = {}) noexcept : sizes_(sizes) {}
  PipePool(const PipePool&) = delete;
  PipePool& operator=(const PipePool&) = delete;
  // Pre: every pipe has come back.
  ~PipePool();

  struct Place {
    std::optional<os::SplicePipe> pipe{};  // none: not made yet
    ByteQueue* holder = nullptr;           // the queue whose bytes wait in the pipe; borrowed
    std::uint64_t lent_at = 0;             // turn_ when it was lent; 0: it is free
    PipePool* pool = nullptr;              // the place's own
  };

  // A pipe, given back by the destructor: for the next one if it is empty, closed if it is not.
  class Lease {
   public:
    Lease() noexcept = default;
    explicit Lease(Place& place) noexcept : place_(&place) {}
    Lease(Lease&& other) noexcept : place_(std::exchange(other.place_, nullptr)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(place_, other.place_);
      return *this;
    }
    ~Lease() {
      if (place_ != nullptr) place_->pool->give_back(*place_);
    }
    explicit operator bool() const noexcept { return place_ != nullptr; }
    os::SplicePipe& operator*() const noexcept { return *place_->pipe; }
    os::SplicePipe* operator->() const noexcept { return &*place_->pipe; }
    // `queue` holds the lease, and gives it up when the pool asks for it.
    void hold_by(ByteQueue& queue) noexcept { place_->holder = &queue; }

   private:
    Place* place_ = nullptr;  // borrowed from the pool
  };

  // An empty pipe; none if the kernel gives none.
  Lease borrow();

  const SpliceSizes& sizes() const noexcept { return sizes_; }

  // Appends the descriptors of all pipes.
  void add_descriptors(std::vector<int>& to) const;

 private:
  // After the kernel has given no pipe it is asked again when as many were wanted.
  static constexpr std::uint32_t kPatience = 4096;

  Place* free_place();
  bool make(Place& place) noexcept;
  void give_back(Place& place) noexcept;

  const SpliceSizes sizes_;
  std::array<Place, kPipes> places_{};
  std::uint64_t turn_ = 0;     // counts borrow()
  std::uint32_t refused_ = 0;  // so many requests more are not even tried
};

}  // namespace wsflow::tunnel
