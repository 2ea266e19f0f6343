#pragma once

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::httpd {

struct Process;

// Parks `r`, whose permit waits until `until`: the handler must return SUSPENDED. False if there are no
// descriptors for one more. Pre: can_park().
bool park(Process& process, request_rec* r, limits::PermitRef permit, limits::Micros until);

}  // namespace wsflow::httpd
