#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Warns of limits of other modules that count connections or requests, but no tunnels, where no limit of ours
// stands in for them. Names the line to write. Parent.
void check_counting_modules(const server_rec* main) noexcept;

}  // namespace wsflow::httpd
