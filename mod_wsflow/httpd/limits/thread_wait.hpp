#pragma once

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::httpd {

struct Process;

// Waits for a permit on the worker thread itself, where the MPM cannot wait for a connection: other MPMs than
// event, streams of HTTP/2, requests that were redirected internally. Returns what finish_wait() does.
int wait_on_thread(Process& process, request_rec* r, limits::PermitRef permit, limits::Micros until);

}  // namespace wsflow::httpd
