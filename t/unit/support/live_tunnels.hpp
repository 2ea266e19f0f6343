#pragma once

#include <vector>

#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::test {

inline std::vector<shm::TunnelView> tunnels(const shm::Layout& layout, std::size_t first, std::size_t count) {
  return shm::tunnels(layout, {.first = first, .count = count}).tunnels;
}

inline std::uint64_t tunnel_count(const shm::Layout& layout) {
  return shm::tunnels(layout, {}).total;
}

// Tells one tunnel to close; whether there is one.
inline bool close(shm::Layout& layout, std::uint64_t id, std::uint16_t code) {
  return shm::command(layout, {.id = id}, 1, shm::Command::close, code) == 1;
}

}  // namespace wsflow::test
