#pragma once

#include <vector>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::httpd {

// The workers of mod_proxy, each name of a balancer once: those of the configuration of `server` and the
// virtual hosts behind it.
std::vector<status::OriginView> origin_states(server_rec* server);

}  // namespace wsflow::httpd
