#include "mod_wsflow/os/memory_block.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

using namespace wsflow;

TEST_CASE("a block is aligned to its size and zeroed, and every address in it leads to it",
          "[memory_block]") {
  std::vector<void*> blocks;
  for (int i = 0; i < 20; ++i) blocks.push_back(os::map_block());
  for (auto* block : blocks) {
    REQUIRE(block != nullptr);
    REQUIRE(reinterpret_cast<std::uintptr_t>(block) % os::kBlockSize == 0);
    auto* const bytes = static_cast<std::byte*>(block);
    CHECK(bytes[0] == std::byte{0});
    CHECK(bytes[os::kBlockSize - 1] == std::byte{0});
    std::memset(block, 1, os::kBlockSize);
    CHECK(os::block_of(bytes) == block);
    CHECK(os::block_of(bytes + os::kBlockSize - 1) == block);
  }
  for (auto* block : blocks) os::unmap_block(block);
}
