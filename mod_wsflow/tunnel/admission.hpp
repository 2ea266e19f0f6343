#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "mod_wsflow/base/assert.hpp"

namespace wsflow::tunnel {

// Counts the tunnels of this process against its limit, and the descriptors of tunnels and of requests that
// wait without a thread against the descriptors that exist for both. Every thread. A lease is taken before
// the origin is contacted and given back exactly once: when the handshake fails or when the tunnel is freed.
class Admission {
 public:
  enum class Kind : std::uint8_t { tunnel, waiting };

  explicit Admission(std::uint32_t limit, std::uint64_t descriptors = UINT64_MAX) noexcept
      : limit_(limit), descriptors_(descriptors) {}
  // Pre: every lease and seat has come back.
  ~Admission() { WSFLOW_ASSERT(used_.load(std::memory_order_relaxed) == 0); }
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  template <Kind kKind>
  class Ticket {
   public:
    Ticket() noexcept = default;
    Ticket(Ticket&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(owner_, other.owner_);
      return *this;
    }
    ~Ticket() {
      if (owner_ != nullptr) owner_->leave(kKind);
    }
    explicit operator bool() const noexcept { return owner_ != nullptr; }

   private:
    friend class Admission;
    explicit Ticket(Admission* owner) noexcept : owner_(owner) {}
    Admission* owner_ = nullptr;  // borrowed; lives as long as the process
  };
  using Lease = Ticket<Kind::tunnel>;
  using Seat = Ticket<Kind::waiting>;

  // An empty lease if the process is full.
  Lease enter() noexcept {
    if (taken_.fetch_add(1, std::memory_order_relaxed) < limit_ && take(needed(Kind::tunnel)))
      return Lease(this);
    taken_.fetch_sub(1, std::memory_order_relaxed);
    return Lease();
  }
  // For a request that is to wait; empty if no descriptors are left.
  Seat wait() noexcept { return take(needed(Kind::waiting)) ? Seat(this) : Seat(); }

  std::uint32_t limit() const noexcept { return limit_; }
  // Handshakes and tunnels, including tunnels that wait in an inbox.
  std::uint32_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

 private:
  // A tunnel needs the descriptors of client and origin; a waiting request that of its client and the two of
  // its stand-in.
  static constexpr std::uint64_t needed(Kind kind) noexcept { return kind == Kind::tunnel ? 2 : 3; }

  bool take(std::uint64_t count) noexcept {
    if (used_.fetch_add(count, std::memory_order_relaxed) + count <= descriptors_) return true;
    used_.fetch_sub(count, std::memory_order_relaxed);
    return false;
  }
  void leave(Kind kind) noexcept {
    used_.fetch_sub(needed(kind), std::memory_order_relaxed);
    if (kind == Kind::tunnel) taken_.fetch_sub(1, std::memory_order_relaxed);
  }

  const std::uint32_t limit_;
  const std::uint64_t descriptors_;
  std::atomic<std::uint32_t> taken_{0};
  std::atomic<std::uint64_t> used_{0};  // descriptors
};

}  // namespace wsflow::tunnel
