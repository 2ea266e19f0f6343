#pragma once

#include "mod_wsflow/httpd/lines/config_tree.hpp"

namespace wsflow::httpd {

// True if rewriting is on: by RewriteEngine of the section (nullptr: none), else of its server, else of the
// main server.
bool rewrites(const server_rec* server, const Line* section) noexcept;

// The RewriteRule of the server, outside sections, that surely sends an operator's request for `path` to an
// origin ([P]); nullptr: none, or not certain. mod_rewrite does not export its rules.
const Line* rewrite_to_origin(apr_pool_t* pool, const server_rec* server, const char* path) noexcept;

}  // namespace wsflow::httpd
