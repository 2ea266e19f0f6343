#pragma once

#include "mod_wsflow/httpd/origin/origin.hpp"

namespace wsflow::httpd {

// Sends the origin's 101 to the client, flushed, with what httpd puts beside any answer: Header lines,
// cookies of modules, sessions. False if the client is gone. Worker thread.
bool switch_protocols(request_rec* r, const Origin& origin);

}  // namespace wsflow::httpd
