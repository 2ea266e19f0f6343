#pragma once

#include <string>

#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::status {

// The query of the page's address that selects these tunnels; empty for what the page shows by default.
std::string to_query(const shm::Query& query);

}  // namespace wsflow::status
