#pragma once

#include "mod_wsflow/httpd/housekeeping/origin_load.hpp"

namespace wsflow::httpd {

// Ends tunnels to members of balancers that mod_proxy does not use any more (an error, a failed health check,
// stopped, disabled or drained), where WSFlowDrain on-worker-down= asks for it. Reaches the tunnels of all
// processes and generations. In rounds of a second or so; every process of the newest generation may call it.
void end_tunnels_of_workers_down(server_rec* server, const OriginLoad& load, shm::Layout& layout);

}  // namespace wsflow::httpd
