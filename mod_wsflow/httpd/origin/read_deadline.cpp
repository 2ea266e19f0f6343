#include "mod_wsflow/httpd/origin/read_deadline.hpp"

#include <algorithm>

namespace wsflow::httpd {

namespace {

constexpr const char* kDeadline = "WSFLOW_DEADLINE";

apr_status_t wait_until_deadline(ap_filter_t* f, apr_bucket_brigade* into, ap_input_mode_t mode,
                                 apr_read_type_e block, apr_off_t wanted) noexcept {
  auto& deadline = *static_cast<ReadDeadline*>(f->ctx);
  if (block == APR_BLOCK_READ) {
    // At least 1 µs, to read bytes that have arrived: the process may have been stopped meanwhile.
    apr_socket_timeout_set(deadline.socket, std::max<apr_interval_time_t>(deadline.left(), 1));
  }
  const auto status = ap_get_brigade(f->next, into, mode, block, wanted);
  if (block == APR_NONBLOCK_READ)
    deadline.dry = APR_STATUS_IS_EAGAIN(status) || (status == APR_SUCCESS && APR_BRIGADE_EMPTY(into));
  return status;
}

}  // namespace

void register_read_deadline() noexcept {
  ap_register_input_filter(kDeadline, wait_until_deadline, nullptr,
                           static_cast<ap_filter_type>(AP_FTYPE_NETWORK - 1));
}

void set_deadline(conn_rec* c, ReadDeadline& deadline) noexcept {
  ap_add_input_filter(kDeadline, &deadline, nullptr, c);
}

void lift_deadline(conn_rec* c) noexcept {
  ap_remove_input_filter_byhandle(c->input_filters, kDeadline);
}

}  // namespace wsflow::httpd
