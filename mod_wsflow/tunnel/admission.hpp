#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace wsflow::tunnel {

// Counts the tunnels of this process against its limit. Every thread. A place is taken before the origin is
// contacted and given back exactly once: when the handshake fails, or when the tunnel is freed.
class Admission {
 public:
  explicit Admission(std::uint32_t limit) noexcept : limit_(limit) {}

  class Place {
   public:
    Place() noexcept = default;
    Place(Place&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(owner_, other.owner_);
      return *this;
    }
    ~Place() {
      if (owner_ != nullptr) owner_->taken_.fetch_sub(1, std::memory_order_relaxed);
    }
    explicit operator bool() const noexcept { return owner_ != nullptr; }

   private:
    friend class Admission;
    explicit Place(Admission* owner) noexcept : owner_(owner) {}
    Admission* owner_ = nullptr;  // borrowed; lives as long as the process
  };

  // An empty place if the process is full.
  Place enter() noexcept {
    if (taken_.fetch_add(1, std::memory_order_relaxed) < limit_) return Place(this);
    taken_.fetch_sub(1, std::memory_order_relaxed);
    return Place();
  }
  std::uint32_t limit() const noexcept { return limit_; }
  // Handshakes and tunnels that there are, those that wait in an inbox too.
  std::uint32_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

 private:
  const std::uint32_t limit_;
  std::atomic<std::uint32_t> taken_{0};
};

}  // namespace wsflow::tunnel
