#pragma once

#include "mod_wsflow/httpd/config/handshake_config.hpp"
#include "mod_wsflow/httpd/request/refusal.hpp"

namespace wsflow::httpd {

// Judges a handshake by the configuration. Refuses it for the origin of its page or for its sub-protocols,
// and removes from its offer what must not reach the origin. The origin's answer is then judged by what was
// passed on. `process`: nullptr in a child without shared memory. Worker thread.
Failure apply_policy(Process* process, request_rec* r, const HandshakeConfig& config);

// Fails a handshake for a route that takes no new tunnels. Worker thread.
Failure check_drained(const Process& process, request_rec* r) noexcept;

}  // namespace wsflow::httpd
