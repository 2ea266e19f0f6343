#pragma once

#include "mod_wsflow/httpd/config/handshake_config.hpp"
#include "mod_wsflow/httpd/request/request_state.hpp"

namespace wsflow::httpd {

// What the configuration allows of a handshake: refuses it for the page that it comes from or the
// sub-protocols that it offers, and takes out of its offer what is not to reach the origin. The origin's
// answer is then judged by what was passed on. Worker thread.
Failure apply_policy(request_rec* r, const HandshakeConfig& config);

}  // namespace wsflow::httpd
