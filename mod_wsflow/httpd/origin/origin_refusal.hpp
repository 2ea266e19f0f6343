#pragma once

#include "mod_wsflow/httpd/origin/origin.hpp"

namespace wsflow::httpd {

struct Process;

// Logs that the origin has answered the handshake of `r` with `status` instead of 101. The first line of
// each origin, route and status is a warning: the user sees only a socket that does not open. Worker thread.
void tell_origin_refusal(Process& process, request_rec* r, const Origin& origin, int status) noexcept;

}  // namespace wsflow::httpd
