#pragma once

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/limits/wait_thread.hpp"

namespace wsflow::httpd {

struct Process;

// Handler hook ahead of all others, behind access control: takes the permits that WSFlowLimit asks for, lets
// the request wait for them, or refuses it.
int limit_gate(request_rec* r) noexcept;

// Ends the wait of a request. DECLINED: it has its permits, and the handlers may have it; else the status
// that refuses it. The worker that has the request.
int finish_wait(Process& process, request_rec* r, limits::Wait& wait) noexcept;

}  // namespace wsflow::httpd
