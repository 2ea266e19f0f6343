#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace wsflow::base {

// Whether it is worth while to keep a worker for the moment in which most origins answer: to park a request
// and to take it up again costs more than that. An origin that has not answered in time some times in a row
// is tried only now and then. Any thread.
class Patience {
 public:
  // `origin`: any number that stands for it. Two of them may share a count.
  bool worth_while(std::uintptr_t origin) noexcept {
    auto& count = counts_[place(origin)];
    const auto vain = count.load(std::memory_order_relaxed);
    if (vain < kVain) return true;
    count.store(vain == kVain + kSkip ? kVain : static_cast<std::uint8_t>(vain + 1),
                std::memory_order_relaxed);
    return vain == kVain + kSkip;
  }
  void note(std::uintptr_t origin, bool answered) noexcept {
    auto& count = counts_[place(origin)];
    const auto vain = count.load(std::memory_order_relaxed);
    if (answered) {
      if (vain != 0) count.store(0, std::memory_order_relaxed);
    } else if (vain < kVain) {
      count.store(static_cast<std::uint8_t>(vain + 1), std::memory_order_relaxed);
    }
  }

 private:
  static constexpr std::uint8_t kVain = 4;   // waits in vain in a row, until it is not worth while
  static constexpr std::uint8_t kSkip = 32;  // then one of so many is tried
  static constexpr std::size_t kCounts = 64;
  // Addresses of mod_proxy's workers differ above their lowest bits.
  static std::size_t place(std::uintptr_t origin) noexcept { return (origin >> 4 ^ origin >> 10) % kCounts; }

  std::array<std::atomic<std::uint8_t>, kCounts> counts_{};
};

}  // namespace wsflow::base
