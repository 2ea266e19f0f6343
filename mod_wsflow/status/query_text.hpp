#pragma once

#include <string>

#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::status {

// The query of the page's address that asks for these tunnels; empty if it is what the page shows anyway.
std::string to_query(const shm::Query& query);

}  // namespace wsflow::status
