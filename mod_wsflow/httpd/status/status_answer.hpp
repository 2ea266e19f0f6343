#pragma once

#include <string>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Sends a document of the status, not to be stored. For a handler to return. The scripts in it that have this
// nonce may run, and talk to this server; without one there are none.
int send_document(request_rec* r, int status, const char* type, const std::string& body,
                  const std::string& script_nonce = {});

}  // namespace wsflow::httpd
