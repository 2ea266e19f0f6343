#pragma once

#include <cstddef>
#include <cstdint>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// For how many tunnels a child has room, and what bounds it.
struct TunnelRoom {
  std::size_t descriptors = 0;  // its limit
  std::size_t spare = 0;        // of those, for tunnels and requests that wait
  std::uint32_t possible = 0;   // tunnels, by the descriptors
  std::uint32_t tunnels = 0;    // by WSFlowMaxTunnels, too

  const char* bound(apr_pool_t* pool) const noexcept;  // in words
};

// Of a child of `server` with that limit of descriptors.
TunnelRoom tunnel_room(const server_rec* server, std::size_t descriptors) noexcept;

// A start says what each child takes, and a configuration that wants more than there can be is warned of.
// Parent.
void tell_tunnel_room(server_rec* server) noexcept;

}  // namespace wsflow::httpd
