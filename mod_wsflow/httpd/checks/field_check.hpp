#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Warns of an expression of ours that reads a field which RequestHeader makes up: the expression sees the
// client's field. Parent, once the configuration is read.
void check_field_expressions(const server_rec* main) noexcept;

}  // namespace wsflow::httpd
