#pragma once

#include <cstdint>

namespace wsflow::os {

// Unpredictable numbers from the kernel, for masking keys (RFC 6455 5.3) and tunnel ids. Every thread.
std::uint32_t random32() noexcept;
std::uint64_t random64() noexcept;

// The same numbers, of which one system call fetches many. Every thread. A number is erased when it is given
// out, and a forked process finds the pool empty: the kernel wipes its page there (MADV_WIPEONFORK), so no
// two processes give out the same number. Where the kernel cannot do that, the pool keeps nothing.
class RandomPool {
 public:
  RandomPool() noexcept;
  ~RandomPool();
  RandomPool(const RandomPool&) = delete;
  RandomPool& operator=(const RandomPool&) = delete;

  std::uint64_t next64() noexcept;
  std::uint32_t next32() noexcept { return static_cast<std::uint32_t>(next64()); }

 private:
  struct Page;
  Page* page_;  // owned; nullptr: keeps nothing
};

}  // namespace wsflow::os
