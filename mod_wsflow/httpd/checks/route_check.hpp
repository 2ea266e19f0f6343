#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Checks routes against each other and against the rest of the configuration. Messages name the faulty lines
// and the line to write. Parent.

// Finds routes with TLS to the origin that mod_ssl will refuse. Logs an error where that is certain, else a
// warning. Returns an error if there is one.
int check_tls(const server_rec* main) noexcept;
// Warns of routes of mod_proxy to WebSocket origins that are not taken over.
void check_takeover(const server_rec* main) noexcept;
// Warns of routes that get no request.
void check_shadows(const server_rec* main) noexcept;

}  // namespace wsflow::httpd
