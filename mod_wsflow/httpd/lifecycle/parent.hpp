#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Sees to it that keepers follow when httpd restarts or stops: they are no children of the MPM. Registered
// with this generation's configuration. Parent, when the configuration has been read.
void watch_end_of_generation(apr_pool_t* pconf, server_rec* server) noexcept;

// Keepers whose own parent has ended become children of httpd where it is process 1, as in a container, or a
// subreaper: tells httpd that they are ours, or it would log each end as that of a stranger. Parent, when a
// child has ended and when the configuration has been read.
void adopt_keepers(server_rec* server) noexcept;

// A child has started or ended. Parent.
void child_status(server_rec* server, pid_t pid, ap_generation_t generation, int slot,
                  mpm_child_status state) noexcept;

// Tells every keeper to stop. Parent, or a child that is stopped with it.
void end_keepers() noexcept;

}  // namespace wsflow::httpd
