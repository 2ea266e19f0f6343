#pragma once

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/limits/wait_thread.hpp"

namespace wsflow::httpd {

struct Process;

// A request that waits for its permit without a worker. The MPM gets its connection as one that waits for
// input (CONN_STATE_ASYNC_WAITIO), with an event descriptor in the place of its socket. The end of the wait
// rings that descriptor, and the MPM gives the connection to a worker as it does with any other: the request
// goes on there, and the connection with its keep-alive. docs/internals/waiting.md has the whole way.

// True if `r` can be parked: the MPM can wait for a connection, the connection is the MPM's own, and every
// caller of our handler understands SUSPENDED.
bool can_park(const Process& process, request_rec* r) noexcept;
// Parks `r`, whose permit waits until `until`: the handler must return SUSPENDED. False if there are no
// descriptors for one more.
bool park(Process& process, request_rec* r, limits::PermitRef permit, limits::Micros until);

// Hook ahead of all others: goes on with a request that has waited. Else runs the others, and gives the
// connection of a request that they have suspended to the MPM.
int process_connection(conn_rec* c) noexcept;
// Hook: the connection ends, perhaps with a parked request. Puts its socket back.
int pre_close_connection(conn_rec* c) noexcept;

}  // namespace wsflow::httpd
