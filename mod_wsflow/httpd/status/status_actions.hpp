#pragma once

#include <string>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::httpd {

struct Process;

// What a POST must bring along, so that no foreign page can make a browser send one. The same in all
// processes and generations, another after each start of httpd.
std::string action_nonce(shm::Layout& layout);

// A POST to the status: changes what a form says (docs/operating.md), and answers.
int take_action(Process& process, request_rec* r);

}  // namespace wsflow::httpd
