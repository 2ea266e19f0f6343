#pragma once

#include <vector>

#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/httpd/lines/route_lines.hpp"

namespace wsflow::httpd {

// The limits that apply to requests of a route in `server`, as far as sections tell. For the checks at the
// start. Parent.
std::vector<const LimitConfig*> limits_of(const server_rec* main, const server_rec* server,
                                          const RouteLine& route);

// True if a limit that is not only tried counts tunnels: all of them, or by the keys of their clients.
bool counts_tunnels(const limits::LimitDefinition& definition) noexcept;

}  // namespace wsflow::httpd
