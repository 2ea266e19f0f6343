#include "mod_wsflow/httpd/switching.hpp"

#include "mod_wsflow/httpd/origin_answer.hpp"

namespace wsflow::httpd {

bool send_switching(request_rec* r, const ws::ResponseHead& head) {
  take_fields(r, head);
  // The body of a 101 is the tunnel; a length or an encoding would be about something else.
  apr_table_unset(r->headers_out, "Content-Length");
  apr_table_unset(r->headers_out, "Transfer-Encoding");
  apr_table_setn(r->headers_out, "Upgrade", "websocket");
  apr_table_setn(r->headers_out, "Connection", "Upgrade");
  r->status = HTTP_SWITCHING_PROTOCOLS;
  r->status_line = nullptr;
  // It empties the table; the access log may want to show it.
  auto* fields = apr_table_copy(r->pool, r->headers_out);
  ap_send_interim_response(r, 1);
  r->headers_out = fields;
  return r->connection->aborted == 0;
}

}  // namespace wsflow::httpd
