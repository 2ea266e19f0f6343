#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// WSFlowLimit: defines a limit and applies it, applies one that is defined elsewhere, or lifts one.
const char* set_limit(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;

// The limits of an inner section (arrays of AppliedLimit, or nullptr) added to those of the outer one; each
// stands there once.
apr_array_header_t* merge_limits(apr_pool_t* pool, apr_array_header_t* outer,
                                 apr_array_header_t* inner) noexcept;

}  // namespace wsflow::httpd
