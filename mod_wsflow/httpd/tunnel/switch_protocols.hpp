#pragma once

#include "mod_wsflow/httpd/origin/origin.hpp"

namespace wsflow::httpd {

// Sends the origin's 101 to the client and flushes it, with the fields that httpd adds to any answer: Header
// lines, cookies of modules, sessions. False if the client is gone. Worker thread.
bool switch_protocols(request_rec* r, const Origin& origin);

}  // namespace wsflow::httpd
