#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace wsflow::base {

// A lock-free set of bounded size that remembers things that have happened: the first of each kind is logged
// loudly, and no client can cause many loud lines. Every thread.
class FirstTimes {
 public:
  static constexpr std::size_t kRoom = 64;

  // True once for each thing. False for a thing that finds the set full.
  bool first(std::uint64_t thing) noexcept {
    if (thing == 0) thing = 1;
    for (auto& place : seen_) {
      std::uint64_t found = 0;
      if (place.compare_exchange_strong(found, thing, std::memory_order_relaxed)) return true;
      if (found == thing) return false;
    }
    return false;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kRoom> seen_{};  // 0: free; filled from the front
};

// The identity of a thing: a hash (FNV-1a) of the texts and numbers that tell it from others.
class Thing {
 public:
  Thing& operator<<(std::string_view text) noexcept {
    for (const char c : text) add(static_cast<unsigned char>(c));
    add(0);
    return *this;
  }
  Thing& operator<<(unsigned number) noexcept {
    for (int shift = 0; shift < 32; shift += 8) add(number >> shift & 0xFFU);
    return *this;
  }
  operator std::uint64_t() const noexcept { return hash_; }  // NOLINT(google-explicit-constructor)

 private:
  void add(unsigned byte) noexcept { hash_ = (hash_ ^ byte) * 0x100000001b3; }
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace wsflow::base
