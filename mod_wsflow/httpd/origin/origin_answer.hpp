#pragma once

#include "mod_wsflow/httpd/origin/origin.hpp"

namespace wsflow::httpd {

// Puts the fields of the origin's answer into r->headers_out as mod_proxy does: drops hop-by-hop fields,
// maps Location and Set-Cookie back (ProxyPassReverse*), adds Via, keeps the fields that modules have put
// there. Worker thread.
void take_fields(request_rec* r, const Origin& origin);

// Makes the head of an answer other than 101 that of the answer to `r`. False: a page of httpd takes its
// place (ProxyErrorOverride), and the handler returns its status. Worker thread.
bool begin_answer(request_rec* r, const Origin& origin);

}  // namespace wsflow::httpd
