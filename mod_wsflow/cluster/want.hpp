#pragma once

#include <cstdint>

namespace wsflow::cluster {

// How much of a limit a node asks for. Permits, and the units of a rate, are shared by the same rules.
struct Pool {
  std::uint32_t size = 0;     // what all nodes share; 0: the limit has none of it
  std::uint32_t share = 0;    // of this node now
  std::uint32_t held = 0;     // that are in use, and cannot be given back
  double demand = 0;          // what the load of the last seconds would use; no less than `held`
  std::uint32_t lacking = 0;  // what other nodes need and have not
  std::uint32_t nodes = 1;    // that share it
  std::uint32_t spare = 0;    // what a node keeps beyond its demand, while nobody lacks any
};

struct Wish {
  std::uint32_t need = 0;  // what the load needs: a node that has less lacks it
  std::uint32_t want = 0;  // what it asks for: ahead of the need. Less than its share: it gives back
  bool urgent = false;     // it should ask at once
};
Wish wish_for(const Pool& pool) noexcept;

// The part of a pool that an idle node keeps, so that its next requests need not wait for the database.
std::uint32_t spare_permits(std::uint32_t size) noexcept;
std::uint32_t spare_units(std::uint32_t size, std::uint32_t nodes) noexcept;

}  // namespace wsflow::cluster
