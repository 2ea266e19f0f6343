#pragma once

#include "mod_wsflow/httpd/config_tree.hpp"

namespace wsflow::httpd {

// The RewriteRule on this level of the configuration that surely sends a path to an origin ([P]), whatever
// conditions say; nullptr: there is none, or it is not certain. mod_rewrite tells nobody of its rules.
const Line* rewrite_to_origin(apr_pool_t* pool, const Line* level, const char* path) noexcept;

}  // namespace wsflow::httpd
