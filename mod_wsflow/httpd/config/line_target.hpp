#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Where lines go: a file, or a "|program". Parent.

// What is wrong with such a text; nullptr: nothing.
const char* wrong_target(apr_pool_t* temp, const char* target) noexcept;
// Opens it; the pool closes it. -1: it is logged why `use`, "the tunnel log" for example, cannot be opened.
int open_target(apr_pool_t* pool, const char* target, const char* use, server_rec* server) noexcept;

}  // namespace wsflow::httpd
