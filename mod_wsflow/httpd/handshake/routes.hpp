#pragma once

#include "mod_wsflow/httpd/config/server_config.hpp"

namespace wsflow::httpd {

// WSFlowPass: a ProxyPass whose upgrades are ours. mod_proxy's own ProxyPass gets the directive, so workers,
// balancers, unix: sockets, worker keys, exclusions and the order of matching are mod_proxy's. This module
// only keeps which of mod_proxy's aliases came from WSFlowPass.
const char* set_pass(cmd_parms* cmd, void* dir_config, const char* arguments) noexcept;

// Hooks ahead of mod_proxy's: walk mod_proxy's aliases as mod_proxy does, and note the route that matched.
int pre_translate_name(request_rec* r) noexcept;
int translate_name(request_rec* r) noexcept;

// Notes the route of a request that got its Upgrade field after it was mapped (RequestHeader).
void note_late_route(request_rec* r) noexcept;

}  // namespace wsflow::httpd
