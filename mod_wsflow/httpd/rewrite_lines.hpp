#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The RewriteRule on this level of the configuration that surely sends a path to an origin ([P]), whatever
// conditions say; nullptr: there is none, or it is not certain. mod_rewrite tells nobody of its rules.
const ap_directive_t* rewrite_to_origin(apr_pool_t* pool, const ap_directive_t* level,
                                        const char* path) noexcept;

}  // namespace wsflow::httpd
