#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// mod_ssl says "again" behind each TLS record that is no data (a new key, a session ticket), and sometimes
// once more, though bytes wait that were read from the socket already. So often it is asked again in vain.
inline constexpr int kTriesInVain = 3;
// Makes the filter of this file known to httpd.
void register_tls_records() noexcept;

// `arrived` becomes true when bytes have come from below the TLS filter. It is borrowed until end_arrivals().
// Worker thread.
void watch_arrivals(conn_rec* c, bool& arrived) noexcept;
void end_arrivals(conn_rec* c) noexcept;
// Reads without waiting, past TLS records that are no data: mod_ssl says "again" behind each of them, though
// what stands behind it has left the socket already. A success without bytes: there may be more of them.
apr_status_t read_past_records(conn_rec* c, bool& arrived, apr_bucket_brigade* into,
                               apr_off_t wanted) noexcept;

}  // namespace wsflow::httpd
