#include "mod_wsflow/httpd/status/status_answer.hpp"

namespace wsflow::httpd {

int send_document(request_rec* r, int status, const char* type, const std::string& body,
                  const std::string& script_nonce) {
  r->status = status;
  ap_set_content_type(r, type);
  apr_table_setn(r->headers_out, "Cache-Control", "no-store");
  apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
  // The page holds forms that change httpd: nobody else may frame it.
  std::string policy =
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri "
      "'none'";
  if (!script_nonce.empty()) policy += "; script-src 'nonce-" + script_nonce + "'; connect-src 'self'";
  apr_table_set(r->headers_out, "Content-Security-Policy", policy.c_str());
  ap_set_content_length(r, static_cast<apr_off_t>(body.size()));
  if (r->header_only == 0) ap_rwrite(body.data(), static_cast<int>(body.size()), r);
  return OK;
}

}  // namespace wsflow::httpd
