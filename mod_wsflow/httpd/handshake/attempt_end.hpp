#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Hook of mod_proxy, ahead of mod_proxy_balancer's, which puts the URL of a member in the place of that of
// the balancer: keeps the latter for another attempt.
int note_balancer_url(proxy_worker** worker, proxy_balancer** balancer, request_rec* r,
                      proxy_server_conf* conf, char** url) noexcept;

// Does what mod_proxy's handler does behind its scheme handler, for an attempt that has waited and ended with
// `status`: marks a member of a balancer that is in trouble, tries the next one as long as the balancer
// allows, and runs mod_proxy's hooks. Returns the status of the request, or SUSPENDED: the next member is
// waited for. Worker thread.
int go_on_as_mod_proxy(request_rec* r, proxy_worker* worker, proxy_server_conf* conf, int status);

}  // namespace wsflow::httpd
