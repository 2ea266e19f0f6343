#include "mod_wsflow/os/memory_block.hpp"

#include <sys/mman.h>

namespace wsflow::os {

void* map_block() noexcept {
  // The kernel aligns to pages: of twice the size, what is not aligned goes back.
  void* const mapped =
      ::mmap(nullptr, 2 * kBlockSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* const first = static_cast<std::byte*>(mapped);
  const std::size_t before =
      (kBlockSize - reinterpret_cast<std::uintptr_t>(mapped) % kBlockSize) % kBlockSize;
  if (before != 0) ::munmap(first, before);
  ::munmap(first + before + kBlockSize, kBlockSize - before);
  return first + before;
}

void unmap_block(void* block) noexcept {
  ::munmap(block, kBlockSize);
}

}  // namespace wsflow::os
