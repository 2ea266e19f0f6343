#pragma once

#include "mod_wsflow/httpd/request/request_state.hpp"

namespace wsflow::httpd {

// The name of mod_proxy's worker. If the worker stands for many origins (RewriteRule [P], ProxyPassMatch
// with $1 in the host, SetHandler "proxy:…"): scheme, host and port of `url`.
OriginName name_origin(request_rec* r, proxy_worker* worker, const char* url) noexcept;

}  // namespace wsflow::httpd
