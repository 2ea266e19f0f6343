#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Checks all limits once the configuration is read: undefined names, sections with too many limits, waits
// that cannot work. Fills the queue= of limits that have acquire= alone. Logs an error. Parent.
int check_limits(server_rec* server) noexcept;

}  // namespace wsflow::httpd
