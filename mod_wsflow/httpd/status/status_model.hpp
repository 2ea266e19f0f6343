#pragma once

#include "mod_wsflow/status/model.hpp"
#include "mod_wsflow/status/query.hpp"

namespace wsflow::httpd {

struct Process;

// What the status shows now of everything in `layout`: counters, processes, limits, routes, the tunnels that
// are asked for. A worker thread; may reap processes that have died.
status::Model status_model(const Process* process, shm::Layout& layout, const status::StatusQuery& query);

}  // namespace wsflow::httpd
