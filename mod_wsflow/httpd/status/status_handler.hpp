#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// SetHandler wsflow-status: HTML, `?json`, `?auto`, `?metrics`; a POST does an action of an operator.
// Require decides who may do that.
int status_handler(request_rec* r) noexcept;

// Hook of mod_status: adds a section to its page, and lines to its `?auto`.
int server_status(request_rec* r, int flags) noexcept;

}  // namespace wsflow::httpd
