#pragma once

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/tunnel/listener.hpp"

namespace wsflow::httpd {

struct Process;

// Counts a tunnel whose client has its 101 in the presence lists that apply to the request, until it ends:
// adds a listener for each. Worker thread.
void add_presence(Process& process, request_rec* r, tunnel::Listeners& listeners);

}  // namespace wsflow::httpd
