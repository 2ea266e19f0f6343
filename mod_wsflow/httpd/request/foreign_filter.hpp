#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The name of a connection filter that the module does not know, so that its connection must stay with httpd;
// nullptr: there is none. Worker thread.
const char* foreign_filter(const conn_rec* c) noexcept;

}  // namespace wsflow::httpd
