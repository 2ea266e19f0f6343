#pragma once

#include "mod_wsflow/httpd/process/process.hpp"

namespace wsflow::httpd {

// Starts the thread that shares limits and the tunnels of balancers with other nodes, if there are such. Main
// thread of a child, when its limits are known, and of a keeper.
void start_cluster(Process& process) noexcept;

}  // namespace wsflow::httpd
