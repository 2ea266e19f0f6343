#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// How logs, status and actions call an origin.
struct OriginName {
  const char* text;  // in the pool of the request
  bool of_request;   // the request says which one it is, so that there may be any number of them
};
// The name of mod_proxy's worker; or, where one worker stands for many origins (RewriteRule [P],
// ProxyPassMatch with $1 in the host, SetHandler "proxy:…"), the scheme, host and port that `url` gives.
OriginName name_origin(request_rec* r, proxy_worker* worker, const char* url) noexcept;

}  // namespace wsflow::httpd
