#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// `httpd -t -D DUMP_WSFLOW` (hook test_config): prints the configuration as httpd and the module see it, as
// JSON, for wsflow-doctor. Passwords are not in it. docs/doctor.md has its keys.
void dump_configuration(apr_pool_t* pool, server_rec* main) noexcept;

}  // namespace wsflow::httpd
