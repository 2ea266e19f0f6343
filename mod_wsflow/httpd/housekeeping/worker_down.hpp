#pragma once

#include "mod_wsflow/httpd/housekeeping/origin_load.hpp"

namespace wsflow::httpd {

// Ends tunnels to balancer members that mod_proxy no longer uses (an error, a failed health check, stopped,
// disabled or drained), if WSFlowDrain on-worker-down= asks for it. Acts on the tunnels of all processes and
// generations. Called about once a second; every process of the newest generation may call it.
void end_tunnels_of_workers_down(server_rec* server, const OriginLoad& load, shm::Layout& layout);

}  // namespace wsflow::httpd
