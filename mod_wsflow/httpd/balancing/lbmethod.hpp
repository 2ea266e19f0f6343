#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

struct Process;

// lbmethod=wsflow: the member of a balancer with the fewest tunnels and requests, in relation to its
// loadfactor, over all processes and generations. docs/internals/balancing.md.

// Tells mod_proxy of the method. While the module is loaded.
void register_lbmethod(apr_pool_t* pool) noexcept;

// Counts a request that mod_proxy has given to `worker`, if it is a member of a balancer with this method:
// mod_proxy does not ask the method where a session is bound to a member. Worker thread.
void count_request(Process& process, request_rec* r, const proxy_worker* worker) noexcept;

}  // namespace wsflow::httpd
