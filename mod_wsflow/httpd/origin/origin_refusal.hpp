#pragma once

#include "mod_wsflow/httpd/origin/origin.hpp"

namespace wsflow::httpd {

struct Process;

// Tells that the origin has answered the handshake of `r` with `status`, not 101: the first of each origin,
// route and status loudly, as the user sees nothing but a socket that does not open. Worker thread.
void tell_origin_refusal(Process& process, request_rec* r, const Origin& origin, int status) noexcept;

}  // namespace wsflow::httpd
