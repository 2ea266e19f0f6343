#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

struct LimitHold;

// Registers the filter of watch_last_byte().
void register_last_byte() noexcept;
// Gives the permit of `hold` back when the last byte of the answer to `r` is about to go to the network: a
// client that has read it may come again at once, and finds the permit free. If the answer ends otherwise,
// the pool of `r`, which has `hold`, gives it back. Worker thread.
void watch_last_byte(request_rec* r, LimitHold& hold) noexcept;

}  // namespace wsflow::httpd
