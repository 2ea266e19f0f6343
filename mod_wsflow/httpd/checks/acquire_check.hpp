#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Warns of an acquire= without a unit that is likely to be misread: mod_proxy's key of this name is in
// milliseconds, WSFlowLimit's in seconds. Parent.
void check_acquire(const server_rec* main) noexcept;

}  // namespace wsflow::httpd
