#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// mod_ssl returns APR_EAGAIN behind each TLS record without data (a new key, a session ticket), and sometimes
// once more, though it holds bytes from the socket. Reading ends after this many tries in vain.
inline constexpr int kTriesInVain = 3;
// Registers the filter of this file with httpd.
void register_tls_records() noexcept;

// Sets `arrived` when bytes come from below the TLS filter. `arrived` is borrowed until end_arrivals().
// Worker thread.
void watch_arrivals(conn_rec* c, bool& arrived) noexcept;
void end_arrivals(conn_rec* c) noexcept;
// Reads without waiting, past TLS records without data: mod_ssl returns APR_EAGAIN behind each, though the
// bytes behind it have left the socket already. A success without bytes: more records may wait.
apr_status_t read_past_records(conn_rec* c, bool& arrived, apr_bucket_brigade* into,
                               apr_off_t wanted) noexcept;

}  // namespace wsflow::httpd
