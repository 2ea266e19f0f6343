#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Warns of an acquire= without a unit where another reading of it is likely: mod_proxy has a key of this name
// in milliseconds, WSFlowLimit one in seconds. Parent.
void check_acquire(const server_rec* main) noexcept;

}  // namespace wsflow::httpd
