#include "mod_wsflow/httpd/limits/first_byte.hpp"

#include "mod_wsflow/httpd/limits/hold.hpp"

namespace wsflow::httpd {

namespace {

constexpr const char* kName = "WSFLOW_FIRST_BYTE";

apr_status_t first_byte(ap_filter_t* filter, apr_bucket_brigade* brigade) noexcept {
  // Failures do not count: quick ones would look like a quick origin.
  if (filter->r->status < HTTP_INTERNAL_SERVER_ERROR) note_first_byte(filter->r);
  ap_remove_output_filter(filter);
  return ap_pass_brigade(filter->next, brigade);
}

}  // namespace

void register_first_byte() noexcept {
  ap_register_output_filter(kName, first_byte, nullptr, AP_FTYPE_PROTOCOL);
}

void watch_first_byte(request_rec* r) noexcept {
  ap_add_output_filter(kName, nullptr, r, r->connection);
}

}  // namespace wsflow::httpd
