#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Warns of tunnel settings that keep each other from taking effect, with the line to write. Parent.
void check_settings(const server_rec* main) noexcept;

}  // namespace wsflow::httpd
