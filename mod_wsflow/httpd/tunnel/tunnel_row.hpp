#pragma once

#include <cstdint>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/origin/origin.hpp"
#include "mod_wsflow/shm/tunnel_table.hpp"

namespace wsflow::httpd {

struct Process;

// Enters the tunnel of this request, whose client has its 101, into the table of live tunnels. `origin` has
// its connection still, and the request what it holds of its limits. Worker thread.
shm::RowLease open_row(Process& process, request_rec* r, const Origin& origin, std::uint64_t id,
                       bool on_worker) noexcept;

}  // namespace wsflow::httpd
