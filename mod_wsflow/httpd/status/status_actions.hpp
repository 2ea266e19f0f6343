#pragma once

#include <string>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::httpd {

struct Process;

// The nonce that a POST must carry, so that no foreign page can make a browser send one. The same in all
// processes and generations; a new one after each start of httpd.
std::string action_nonce(shm::Layout& layout);

// Handles a POST to the status: does what its form says (docs/operating.md), and answers. Worker thread.
int take_action(Process& process, request_rec* r);

}  // namespace wsflow::httpd
