#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// The name of an origin in logs, status and actions.
struct OriginName {
  const char* text;  // in the pool of the request
  bool of_request;   // the name depends on the request: there may be any number of names
};
// The name of mod_proxy's worker. If the worker stands for many origins (RewriteRule [P], ProxyPassMatch
// with $1 in the host, SetHandler "proxy:…"): scheme, host and port of `url`.
OriginName name_origin(request_rec* r, proxy_worker* worker, const char* url) noexcept;

}  // namespace wsflow::httpd
