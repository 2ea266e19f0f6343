#pragma once

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/limits/wait_thread.hpp"

namespace wsflow::httpd {

struct Process;

// A request that waits for its permit without a worker. Its connection is given back to the MPM as one that
// waits for input (CONN_STATE_ASYNC_WAITIO), with an event descriptor in the place of its socket; when the
// wait ends, that one is rung, and the MPM gives the connection to a worker as it does with any other: the
// request goes on there, and the connection with its keep-alive. docs/internals/waiting.md has the whole way.

// Whether `r` can be parked: the MPM can wait for a connection, which is of its own, and nobody has called
// our handler who would not understand SUSPENDED.
bool can_park(const Process& process, request_rec* r) noexcept;
// Parks `r`, whose permit waits until `until`: the handler must return SUSPENDED. False if there are no
// descriptors for one more.
bool park(Process& process, request_rec* r, limits::PermitRef permit, limits::Micros until);

// Hook ahead of all others: goes on with a request that has waited; else lets the others work, and gives the
// connection of a request that they have suspended to the MPM.
int process_connection(conn_rec* c) noexcept;
// The connection ends, perhaps with a request that waits: its socket is put back.
int pre_close_connection(conn_rec* c) noexcept;

}  // namespace wsflow::httpd
