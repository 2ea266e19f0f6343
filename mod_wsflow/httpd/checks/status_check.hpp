#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Checks that requests reach SetHandler wsflow-status: a route or a rule of mod_rewrite may take them first.

// Warns of each virtual host where a route or rule takes them, as far as the configuration tells, with the
// line to write. Parent, once the configuration is read.
void check_status_reach(server_rec* main) noexcept;

// Fixups hook: warns of a request for the status that goes to an origin, once for each virtual host and
// child. Worker thread.
int tell_hidden_status(request_rec* r) noexcept;

}  // namespace wsflow::httpd
