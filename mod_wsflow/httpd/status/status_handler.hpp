#pragma once

#include <span>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/status/html_manual.hpp"

namespace wsflow::httpd {

// SetHandler wsflow-status: HTML, `?json`, `?auto`, `?metrics`, `?manual` with `directives`; a POST does an
// action of an operator. Require decides who may do that.
int status_handler(request_rec* r, std::span<const status::DirectiveText> directives) noexcept;

// Hook of mod_status: adds a section to its page, and lines to its `?auto`.
int server_status(request_rec* r, int flags) noexcept;

}  // namespace wsflow::httpd
