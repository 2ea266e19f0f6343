#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Checks the whole configuration. A setting that cannot work is an error (configtest fails); one that works
// badly is a warning with the line to write. Parent.
int check_configuration(server_rec* server) noexcept;

}  // namespace wsflow::httpd
