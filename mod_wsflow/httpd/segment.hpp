#pragma once

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::httpd {

// Makes the shared segment in the process pool, or finds the one that an earlier generation made. Parent,
// when the configuration has been read.
apr_status_t open_segment(server_rec* server) noexcept;
// The segment, or nullptr where none was opened (a mere check of the configuration). Parent and children.
shm::Layout* segment() noexcept;
// A child has ended: what it counted goes to the totals. Parent.
void child_status(server_rec* server, pid_t pid, ap_generation_t generation, int slot,
                  mpm_child_status state) noexcept;

}  // namespace wsflow::httpd
