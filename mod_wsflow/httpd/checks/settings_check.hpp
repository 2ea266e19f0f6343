#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Warns of settings of tunnels that cannot take effect beside each other, with the line to write. Parent.
void check_settings(const server_rec* main) noexcept;

}  // namespace wsflow::httpd
