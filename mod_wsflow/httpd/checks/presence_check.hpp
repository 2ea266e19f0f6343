#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Whether the presence lists of a configuration have a store that can be used. False: it is logged what is
// missing, and the line to write.
bool check_presence(const server_rec* main_server) noexcept;

}  // namespace wsflow::httpd
