#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// SetHandler wsflow-status: HTML, `?json`, `?auto`; a POST changes a limit. Who may do that is decided by
// Require.
int status_handler(request_rec* r) noexcept;

// mod_status: a section of its page, and lines of `?auto`.
int server_status(request_rec* r, int flags) noexcept;

}  // namespace wsflow::httpd
