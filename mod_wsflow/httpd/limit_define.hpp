#pragma once

#include "mod_wsflow/flow/control.hpp"
#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Puts the limits of the configuration, none too, into the shared table, and notes their numbers. An error is
// logged. Parent, before the children start.
int define_limits(server_rec* server, flow::Control& control) noexcept;

}  // namespace wsflow::httpd
