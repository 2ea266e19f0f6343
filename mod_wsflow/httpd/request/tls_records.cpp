#include "mod_wsflow/httpd/request/tls_records.hpp"

namespace wsflow::httpd {

namespace {

constexpr const char* kArrivals = "WSFLOW_ARRIVALS";

// Most records without data that one turn of a worker tunnel reads past.
constexpr int kReadsATurn = 64;

// Stands right above the core's filter.
apr_status_t note_arrival(ap_filter_t* f, apr_bucket_brigade* into, ap_input_mode_t mode,
                          apr_read_type_e block, apr_off_t wanted) noexcept {
  const auto status = ap_get_brigade(f->next, into, mode, block, wanted);
  if (status == APR_SUCCESS && !APR_BRIGADE_EMPTY(into)) *static_cast<bool*>(f->ctx) = true;
  return status;
}

}  // namespace

void register_tls_records() noexcept {
  ap_register_input_filter(kArrivals, note_arrival, nullptr,
                           static_cast<ap_filter_type>(AP_FTYPE_NETWORK - 1));
}

void watch_arrivals(conn_rec* c, bool& arrived) noexcept {
  ap_add_input_filter(kArrivals, &arrived, nullptr, c);
}

void end_arrivals(conn_rec* c) noexcept {
  ap_remove_input_filter_byhandle(c->input_filters, kArrivals);
}

apr_status_t read_past_records(conn_rec* c, bool& arrived, apr_bucket_brigade* into,
                               apr_off_t wanted) noexcept {
  int tries = 0;
  for (int reads = 0; reads < kReadsATurn; ++reads) {
    arrived = false;
    const auto status = ap_get_brigade(c->input_filters, into, AP_MODE_READBYTES, APR_NONBLOCK_READ, wanted);
    tries = arrived ? kTriesInVain : tries - 1;
    if (!APR_STATUS_IS_EAGAIN(status) || tries <= 0) return status;
    apr_brigade_cleanup(into);
  }
  arrived = true;
  return APR_SUCCESS;
}

}  // namespace wsflow::httpd
