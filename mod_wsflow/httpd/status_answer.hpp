#pragma once

#include <string>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Sends a document of the status, not to be stored. For a handler to return.
int send_document(request_rec* r, int status, const char* type, const std::string& body);

}  // namespace wsflow::httpd
