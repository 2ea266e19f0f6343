#pragma once

#include "mod_wsflow/httpd/origin/origin.hpp"

namespace wsflow::httpd {

// Puts the fields of the origin's answer into r->headers_out as mod_proxy does: drops hop-by-hop fields,
// maps Location and Set-Cookie back (ProxyPassReverse*), adds Via, keeps the fields that modules have put
// there. Worker thread.
void take_fields(request_rec* r, const Origin& origin);

// Passes an answer other than 101 to the client, through httpd's filters: ProxyErrorOverride and
// ErrorDocument work. Returns the status for mod_proxy. Worker thread; waits for the origin's body as
// ProxyTimeout allows.
int pass_answer(request_rec* r, Origin& origin);

}  // namespace wsflow::httpd
