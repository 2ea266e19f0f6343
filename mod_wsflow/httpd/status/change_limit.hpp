#pragma once

#include "mod_wsflow/httpd/status/action.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "mod_wsflow/status/form.hpp"

namespace wsflow::httpd {

struct Process;

// Does the action "limit".
ActionAnswer change_limit(Process& process, request_rec* r, std::span<const status::Field> fields);

}  // namespace wsflow::httpd
