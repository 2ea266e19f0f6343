#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "mod_wsflow/base/assert.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::tunnel {

// Counts the tunnels of this process against its limit, and the descriptors of tunnels and of requests that
// wait without a thread against the descriptors that exist for both. Every thread. A lease is taken before
// the origin is contacted and given back exactly once: when the handshake fails or when the tunnel is freed.
class Admission {
 public:
  enum class Kind : std::uint8_t { tunnel, waiting, job };

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
    Admission* owner() const noexcept { return owner_; }
    // Leaves it to the caller to make a ticket of the same owner again. Whether there was one.
    bool release() noexcept { return std::exchange(owner_, nullptr) != nullptr; }
    // Takes what release() has left.
    static Ticket retake(Admission* owner) noexcept { return Ticket(owner); }

   private:
    friend class Admission;
    explicit Ticket(Admission* owner) noexcept : owner_(owner) {}
    Admission* owner_ = nullptr;  // borrowed; lives as long as the process
  };
  using Lease = Ticket<Kind::tunnel>;
  using Seat = Ticket<Kind::waiting>;
  using Bell = Ticket<Kind::job>;

  // An empty lease if the process is full.
  Lease enter() noexcept {
    if (taken_.fetch_add(1, std::memory_order_relaxed) < limit_ && take(needed(Kind::tunnel))) {
      if (watcher_ != nullptr) watcher_->taken.fetch_add(1);
      return Lease(this);
    }
    taken_.fetch_sub(1, std::memory_order_relaxed);
    return Lease();
  }
  // For a request that is to wait; empty if no descriptors are left.
  Seat wait() noexcept { return take(needed(Kind::waiting)) ? Seat(this) : Seat(); }

  // Whoever follows the numbers of tunnels and descriptors from outside.
  struct Watcher {
    std::atomic<std::uint32_t>& taken;        // the same numbers, for other processes
    std::atomic<std::uint64_t>& claimed;      // descriptors
    const std::atomic<bool>& waits_for_room;  // `bell` is to ring when something comes back
    const os::Wakeup& bell;
  };
  // From now on. Pre: no lease is out; the watcher outlives this.
  void set_watcher(const Watcher& watcher) noexcept { watcher_ = &watcher; }

  // For a request whose job has a bell; empty if no descriptors are left.
  Bell bell() noexcept { return take(needed(Kind::job)) ? Bell(this) : Bell(); }

  std::uint32_t limit() const noexcept { return limit_; }
  // Handshakes and tunnels, including tunnels that wait in an inbox.
  std::uint32_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

 private:
  // A tunnel needs the descriptors of client and origin; a waiting request that of its client and the two of
  // its stand-in; a job its bell.
  static constexpr std::uint64_t needed(Kind kind) noexcept {
    return kind == Kind::tunnel ? 2 : kind == Kind::waiting ? 3 : 1;
  }

  bool take(std::uint64_t count) noexcept {
    if (used_.fetch_add(count, std::memory_order_relaxed) + count <= descriptors_) {
      if (watcher_ != nullptr) watcher_->claimed.fetch_add(count);
      return true;
    }
    used_.fetch_sub(count, std::memory_order_relaxed);
    return false;
  }
  void leave(Kind kind) noexcept {
    used_.fetch_sub(needed(kind), std::memory_order_relaxed);
    if (kind == Kind::tunnel) taken_.fetch_sub(1, std::memory_order_relaxed);
    if (watcher_ == nullptr) return;
    watcher_->claimed.fetch_sub(needed(kind));
    if (kind == Kind::tunnel) watcher_->taken.fetch_sub(1);
    if (watcher_->waits_for_room.load()) watcher_->bell.ring();
  }

  const std::uint32_t limit_;
  const std::uint64_t descriptors_;
  std::atomic<std::uint32_t> taken_{0};
  std::atomic<std::uint64_t> used_{0};  // descriptors
  const Watcher* watcher_ = nullptr;    // borrowed; set before there are leases
};

}  // namespace wsflow::tunnel
