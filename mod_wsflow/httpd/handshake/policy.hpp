#pragma once

#include "mod_wsflow/httpd/config/handshake_config.hpp"
#include "mod_wsflow/httpd/request/refusal.hpp"

namespace wsflow::httpd {

// Judges a handshake by the configuration: refuses it for the page that it comes from or the sub-protocols
// that it offers, and takes out of its offer what is not to reach the origin. The origin's answer is then
// judged by what was passed on. Worker thread.
Failure apply_policy(Process& process, request_rec* r, const HandshakeConfig& config);

// A handshake for a route that takes no new tunnels fails. Worker thread.
Failure check_drained(const Process& process, request_rec* r) noexcept;

}  // namespace wsflow::httpd
