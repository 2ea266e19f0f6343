#pragma once

#include <cstdint>
#include <vector>

#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::shm {

// What a dead process leaves behind.
struct Lost {
  LostTunnels tunnels;                   // as their rows told of them last
  std::vector<std::uint64_t> presences;  // numbers of processes in the presence store
};

}  // namespace wsflow::shm
