#pragma once

#include <cstddef>
#include <cstdint>

namespace wsflow::os {

// A piece of zeroed memory straight from the kernel, aligned to its size. It costs only the pages that are
// touched, and unmap_block() gives all of them back. Every thread.
inline constexpr std::size_t kBlockSize = 64UL * 1024;

// nullptr: memory is out.
void* map_block() noexcept;
void unmap_block(void* block) noexcept;

// The block that contains `address`.
inline void* block_of(void* address) noexcept {
  auto* const byte = static_cast<std::byte*>(address);
  return byte - reinterpret_cast<std::uintptr_t>(address) % kBlockSize;
}

}  // namespace wsflow::os
