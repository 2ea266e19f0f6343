#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Warns where WebSockets over HTTP/2 are switched on beside our routes, with the line to write. Parent.
void check_http2(server_rec* main) noexcept;

}  // namespace wsflow::httpd
