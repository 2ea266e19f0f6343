#pragma once

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::httpd {

// Maps the shared segment, or finds the one that an earlier generation made, and makes it fit the
// configuration. Parent, when the configuration has been read.
apr_status_t open_segment(server_rec* server) noexcept;
// The segment, or nullptr where none was opened (a mere check of the configuration). Every process of httpd.
shm::Layout* segment() noexcept;
// A child has ended: what it counted goes to the totals, unless a keeper has its slot. Parent.
void child_status(server_rec* server, pid_t pid, ap_generation_t generation, int slot,
                  mpm_child_status state) noexcept;
// Every ten seconds: processes that nobody waited for. Parent.
int monitor(apr_pool_t* pool, server_rec* server) noexcept;

}  // namespace wsflow::httpd
