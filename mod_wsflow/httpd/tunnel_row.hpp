#pragma once

#include <cstdint>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/shm/tunnel_table.hpp"

namespace wsflow::httpd {

// Enters the tunnel of this request into the table of live tunnels. Worker thread.
shm::RowPlace open_row(request_rec* r, const proxy_worker* origin, std::uint64_t id) noexcept;

}  // namespace wsflow::httpd
