#pragma once

#include "mod_wsflow/httpd/lines/config_tree.hpp"

namespace wsflow::httpd {

// Whether rules are obeyed: as RewriteEngine says in the section (nullptr: none), else in the server around
// it, else in the main server.
bool rewrites(const server_rec* server, const Line* section) noexcept;

// The RewriteRule of the server, outside of sections, that surely sends an operator's request for a path to
// an origin ([P]); nullptr: there is none, or it is not certain. mod_rewrite tells nobody of its rules.
const Line* rewrite_to_origin(apr_pool_t* pool, const server_rec* server, const char* path) noexcept;

}  // namespace wsflow::httpd
