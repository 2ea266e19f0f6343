#pragma once

#include <cstdint>

namespace wsflow::tunnel {

// The bounds of one tunnel, copied from the configuration of its route.
struct Limits {
  std::uint32_t close_ms = 5000;  // how long a tunnel lives on without progress once one side has ended
  std::uint32_t high_watermark =
      64 * 1024;  // bytes that may wait for a side before the other is no longer read
};

}  // namespace wsflow::tunnel
