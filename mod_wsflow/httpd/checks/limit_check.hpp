#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Looks at all limits of the configuration, when all of it has been read: names that nobody defined, places
// with too many, waits that cannot work. Fills the queue= of limits that have acquire= alone. An error is
// logged. Parent.
int check_limits(server_rec* server) noexcept;

}  // namespace wsflow::httpd
