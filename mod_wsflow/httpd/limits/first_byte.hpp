#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Registers the filter of watch_first_byte().
void register_first_byte() noexcept;
// Notes when the first byte of the answer to `r` leaves its handler, for limits with concurrency=auto.
void watch_first_byte(request_rec* r) noexcept;

}  // namespace wsflow::httpd
