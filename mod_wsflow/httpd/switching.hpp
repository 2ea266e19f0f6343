#pragma once

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/ws/response_head.hpp"

namespace wsflow::httpd {

// Sends the origin's 101 to the client, flushed. False if the client is gone. Worker thread.
bool send_switching(request_rec* r, const ws::ResponseHead& head);

}  // namespace wsflow::httpd
