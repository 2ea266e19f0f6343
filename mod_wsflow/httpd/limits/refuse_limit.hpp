#pragma once

#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::httpd {

struct Process;

// Refuses `r` because of `rule`, logs it, and counts it if it is a handshake. Returns the status. `process`:
// nullptr where there is none. Worker thread.
int refuse_limit(Process* process, request_rec* r, const LimitConfig& rule,
                 const limits::LimitRefusal& refused) noexcept;

}  // namespace wsflow::httpd
