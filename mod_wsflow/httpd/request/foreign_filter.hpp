#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The name of a connection filter that the module does not know; its connection must stay with httpd.
// nullptr: none. Worker thread.
const char* foreign_filter(const conn_rec* c) noexcept;

}  // namespace wsflow::httpd
