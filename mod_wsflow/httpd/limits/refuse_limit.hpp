#pragma once

#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::httpd {

// Refuses `r` because of `rule`: headers of the answer, WSFLOW_REFUSED_BY and WSFLOW_LIMIT_REASON, the log
// line, the count of refused handshakes. Returns the status.
int refuse_limit(request_rec* r, const LimitConfig& rule, const limits::LimitRefusal& refused) noexcept;

}  // namespace wsflow::httpd
