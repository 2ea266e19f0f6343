#pragma once

#include <string>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Sends a document of the status that nobody may store. Returns the result of the handler. Scripts in the
// document that have `script_nonce` may run, and talk to this server; empty: no script may.
int send_document(request_rec* r, int status, const char* type, const std::string& body,
                  const std::string& script_nonce = {});

}  // namespace wsflow::httpd
