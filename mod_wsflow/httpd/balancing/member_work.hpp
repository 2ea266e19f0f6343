#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

struct Process;

// Counts the request as work of `worker` until it ends, and of no other member any more: mod_proxy tries
// another one when one fails. It counts in the ledger of its process from the moment on in which its member
// is chosen: of a hundred handshakes at a time each one sees those before it. A request whose tunnel leaves
// httpd ends at once. The worker thread that has the request.
void begin_work(Process& process, request_rec* r, const proxy_worker* worker) noexcept;

}  // namespace wsflow::httpd
