#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// mod_proxy's scheme handler for WebSocket upgrades, ahead of mod_proxy_http's and mod_proxy_wstunnel's.
// Declines a request that is no upgrade, and an upgrade that is not ours to take (WSFlow, WSFlowPass).
int upgrade_handler(request_rec* r, proxy_worker* worker, proxy_server_conf* conf, char* url,
                    const char* proxy_name, apr_port_t proxy_port) noexcept;

}  // namespace wsflow::httpd
