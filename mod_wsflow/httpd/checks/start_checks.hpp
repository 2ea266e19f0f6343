#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Looks at the whole configuration: what cannot work is an error (configtest fails), what works badly is a
// warning with the line to write. Parent.
int check_configuration(server_rec* server) noexcept;

}  // namespace wsflow::httpd
