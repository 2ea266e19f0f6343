#pragma once

#include <cstdint>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/origin/origin.hpp"
#include "mod_wsflow/shm/tunnel_table.hpp"

namespace wsflow::httpd {

struct Process;

// Enters the tunnel of `r`, whose client has its 101, into the table of live tunnels. Pre: `origin` still
// has its connection, and the hold of `r` its permit. Worker thread.
shm::RowLease open_row(Process& process, request_rec* r, const Origin& origin, std::uint64_t id,
                       bool on_worker) noexcept;

}  // namespace wsflow::httpd
