#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Hook: starts the module in a child. Main thread, before the workers start.
void child_init(apr_pool_t* pool, server_rec* server) noexcept;
// Hook: httpd tells a child to end. Main thread, or the MPM's listener where the child ends by itself.
void child_stopping(apr_pool_t* pool, int graceful) noexcept;

}  // namespace wsflow::httpd
