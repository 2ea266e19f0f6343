#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// SetHandler wsflow-status where a route or a rule of mod_rewrite takes the requests first.

// Warns of each virtual host where that is so, as far as the configuration tells, with the line to write.
// Parent, once the configuration is read.
void check_status_reach(server_rec* main) noexcept;

// Fixups hook: tells it of a request that goes to an origin instead, once for each virtual host and child.
int tell_hidden_status(request_rec* r) noexcept;

}  // namespace wsflow::httpd
