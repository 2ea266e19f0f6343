#pragma once

#include <cstddef>
#include <cstdint>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The number of tunnels that a child has room for, and its bound.
struct TunnelRoom {
  std::size_t descriptors = 0;   // limit of descriptors of the child
  std::size_t spare = 0;         // descriptors for tunnels and for requests that wait
  std::size_t claimed_most = 0;  // those of them that a new connection may count on (shm/child_room)
  std::uint32_t possible = 0;    // tunnels that the descriptors allow
  std::uint32_t tunnels = 0;     // tunnels that WSFlowMaxTunnels allows, too

  const char* bound(apr_pool_t* pool) const noexcept;  // the bound of `tunnels`, in words
};

// The room of a child of `server` with that limit of descriptors.
TunnelRoom tunnel_room(const server_rec* server, std::size_t descriptors) noexcept;

// Logs at the first start how many tunnels each child takes; warns if WSFlowMaxTunnels exceeds the
// descriptors. Parent.
void tell_tunnel_room(server_rec* server) noexcept;

}  // namespace wsflow::httpd
