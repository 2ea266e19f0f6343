#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Stops the keepers, or waits for them, when httpd restarts or stops: the MPM does not know them. Registers
// that with this generation's configuration. Parent, when the configuration has been read.
void watch_end_of_generation(apr_pool_t* pconf, server_rec* server) noexcept;

// Tells httpd that keepers whose own parent has ended are ours. They become children of httpd if it is
// process 1, as in a container, or a subreaper; httpd would log the end of each as that of a stranger.
// Parent, when a child has ended and when the configuration has been read.
void adopt_keepers(server_rec* server) noexcept;

// Hook: a child has started or ended. Parent.
void child_status(server_rec* server, pid_t pid, ap_generation_t generation, int slot,
                  mpm_child_status state) noexcept;

// Tells every keeper to stop. Parent, or a child that is stopped with it.
void end_keepers() noexcept;

}  // namespace wsflow::httpd
