#pragma once

#include "mod_wsflow/httpd/config/server_config.hpp"

namespace wsflow::httpd {

// WSFlowPass: a ProxyPass whose upgrades are ours. The directive is handed to mod_proxy's own ProxyPass, so
// that workers, balancers, unix: sockets, worker keys, exclusions and the order of matching are mod_proxy's;
// what is kept here is which of mod_proxy's aliases came from it.
const char* set_pass(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;

// Hooks ahead of mod_proxy's: the same walk over mod_proxy's aliases, noting the route that matched.
int pre_translate_name(request_rec* r) noexcept;
int translate_name(request_rec* r) noexcept;

// Notes the route of a request that got its Upgrade field when it was mapped already (RequestHeader).
void note_late_route(request_rec* r) noexcept;

}  // namespace wsflow::httpd
