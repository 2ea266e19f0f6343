#pragma once

#include <cstdint>

namespace wsflow::tunnel {

// The bounds of one tunnel, copied from the configuration of its route.
struct Limits {
  // How long a tunnel lives on without progress once one side has ended.
  std::uint32_t close_ms = 5000;
  // Bytes that may wait for a side before the other is no longer read. One read that finds nothing waiting
  // may go a little beyond it.
  std::uint32_t high_watermark = 64 * 1024;
};

}  // namespace wsflow::tunnel
