#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace wsflow::tunnel {

// Counts a tunnel as load of its origin while the tunnel lives. It changes mod_proxy's count of the balancer
// member (atomically, which mod_proxy does not: two tunnels never lose each other's change), and two counts
// of ours, from which others repair mod_proxy's when this process dies or a new generation starts with a
// fresh one (httpd/housekeeping/origin_load). One thread at a time.
class OriginLease {
 public:
  struct Counts {
    std::size_t* busy = nullptr;                 // mod_proxy's; nullptr: nothing is counted
    std::atomic<std::uint32_t>* held = nullptr;  // tunnels of this process to the member; nullptr: not kept
    std::atomic<std::uint32_t>* applied = nullptr;  // tunnels of all processes that `busy` contains
    friend constexpr bool operator==(const Counts&, const Counts&) noexcept = default;
  };

  OriginLease() noexcept = default;
  // Borrows the counts from shared memory.
  explicit OriginLease(const Counts& counts) noexcept : counts_(counts) {
    if (counts_.busy == nullptr) return;
    if (counts_.held != nullptr) {
      counts_.held->fetch_add(1, std::memory_order_relaxed);
      counts_.applied->fetch_add(1, std::memory_order_relaxed);
    }
    std::atomic_ref<std::size_t>(*counts_.busy).fetch_add(1, std::memory_order_relaxed);
  }
  OriginLease(OriginLease&& other) noexcept : counts_(std::exchange(other.counts_, {})) {}
  OriginLease& operator=(OriginLease&& other) noexcept {
    std::swap(counts_, other.counts_);
    return *this;
  }
  OriginLease(const OriginLease&) = delete;
  OriginLease& operator=(const OriginLease&) = delete;
  ~OriginLease() {
    if (counts_.busy == nullptr) return;
    if (counts_.held != nullptr) {
      counts_.held->fetch_sub(1, std::memory_order_relaxed);
      counts_.applied->fetch_sub(1, std::memory_order_relaxed);
    }
    add_busy(*counts_.busy, -1);
  }

  explicit operator bool() const noexcept { return counts_.busy != nullptr; }
  const Counts& counts() const noexcept { return counts_; }
  // Leaves it to the caller to make a lease of the same counts again. Whether anything was counted.
  bool release() noexcept { return std::exchange(counts_, {}).busy != nullptr; }
  // Takes what release() has left.
  static OriginLease retake(const Counts& counts) noexcept {
    OriginLease lease;
    lease.counts_ = counts;
    return lease;
  }

  // Adds `change` to a count of mod_proxy's; the result is at least 0.
  static void add_busy(std::size_t& busy, std::ptrdiff_t change) noexcept {
    std::atomic_ref<std::size_t> count(busy);
    auto value = count.load(std::memory_order_relaxed);
    std::size_t next = 0;
    do {
      const auto sum = static_cast<std::ptrdiff_t>(value) + change;
      next = sum > 0 ? static_cast<std::size_t>(sum) : 0;
    } while (!count.compare_exchange_weak(value, next, std::memory_order_relaxed));
  }

 private:
  Counts counts_;
};

}  // namespace wsflow::tunnel
