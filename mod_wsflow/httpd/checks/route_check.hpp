#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// What is wrong with routes beside each other and beside what else is configured, with the lines that are
// meant and the line to write. Parent.

// A route with TLS to its origin that mod_ssl will refuse: an error where it is certain, logged like the
// warnings of all others.
int check_tls(const server_rec* main) noexcept;
// Routes of mod_proxy to WebSocket origins that are not taken over.
void check_takeover(const server_rec* main) noexcept;
// Routes that get no request.
void check_shadows(const server_rec* main) noexcept;

}  // namespace wsflow::httpd
