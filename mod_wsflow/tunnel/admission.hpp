#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "mod_wsflow/base/assert.hpp"

namespace wsflow::tunnel {

// Counts the tunnels of this process against its limit, and the descriptors of tunnels and of requests that
// wait without a thread against those that there are for both. Every thread. A place is taken before the
// origin is contacted and given back exactly once: when the handshake fails, or when the tunnel is freed.
class Admission {
 public:
  enum class What : std::uint8_t { tunnel, waiting };

  explicit Admission(std::uint32_t limit, std::uint64_t descriptors = UINT64_MAX) noexcept
      : limit_(limit), descriptors_(descriptors) {}
  // Pre: every lease and seat has come back.
  ~Admission() { WSFLOW_ASSERT(used_.load(std::memory_order_relaxed) == 0); }
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  template <What kWhat>
  class Ticket {
   public:
    Ticket() noexcept = default;
    Ticket(Ticket&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(owner_, other.owner_);
      return *this;
    }
    ~Ticket() {
      if (owner_ != nullptr) owner_->leave(kWhat);
    }
    explicit operator bool() const noexcept { return owner_ != nullptr; }

   private:
    friend class Admission;
    explicit Ticket(Admission* owner) noexcept : owner_(owner) {}
    Admission* owner_ = nullptr;  // borrowed; lives as long as the process
  };
  using Lease = Ticket<What::tunnel>;
  using Seat = Ticket<What::waiting>;

  // An empty place if the process is full.
  Lease enter() noexcept {
    if (taken_.fetch_add(1, std::memory_order_relaxed) < limit_ && take(needed(What::tunnel)))
      return Lease(this);
    taken_.fetch_sub(1, std::memory_order_relaxed);
    return Lease();
  }
  // The same for a request that is to wait.
  Seat wait() noexcept { return take(needed(What::waiting)) ? Seat(this) : Seat(); }

  std::uint32_t limit() const noexcept { return limit_; }
  // Handshakes and tunnels that there are, those that wait in an inbox too.
  std::uint32_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

 private:
  // Descriptors: those of client and origin; that of the client, and the two that stand in for it.
  static constexpr std::uint64_t needed(What what) noexcept { return what == What::tunnel ? 2 : 3; }

  bool take(std::uint64_t count) noexcept {
    if (used_.fetch_add(count, std::memory_order_relaxed) + count <= descriptors_) return true;
    used_.fetch_sub(count, std::memory_order_relaxed);
    return false;
  }
  void leave(What what) noexcept {
    used_.fetch_sub(needed(what), std::memory_order_relaxed);
    if (what == What::tunnel) taken_.fetch_sub(1, std::memory_order_relaxed);
  }

  const std::uint32_t limit_;
  const std::uint64_t descriptors_;
  std::atomic<std::uint32_t> taken_{0};
  std::atomic<std::uint64_t> used_{0};  // descriptors
};

}  // namespace wsflow::tunnel
