#include "mod_wsflow/httpd/status_answer.hpp"

namespace wsflow::httpd {

int send_document(request_rec* r, int status, const char* type, const std::string& body) {
  r->status = status;
  ap_set_content_type(r, type);
  apr_table_setn(r->headers_out, "Cache-Control", "no-store");
  apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
  // The page holds forms that change httpd: nobody else may frame it.
  apr_table_setn(r->headers_out, "Content-Security-Policy",
                 "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'");
  ap_set_content_length(r, static_cast<apr_off_t>(body.size()));
  if (r->header_only == 0) ap_rwrite(body.data(), static_cast<int>(body.size()), r);
  return OK;
}

}  // namespace wsflow::httpd
