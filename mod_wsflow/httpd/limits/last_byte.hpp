#pragma once

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

struct LimitHold;

// Makes the filter of watch_last_byte() known.
void register_last_byte() noexcept;
// Gives back what `hold` has when the last byte of the answer to `r` is about to go to the network: whoever
// has read it may come again at once, and finds the permit free. What ends otherwise is left to the pool of
// `r`. `hold` is in that pool. Worker thread.
void watch_last_byte(request_rec* r, LimitHold& hold) noexcept;

}  // namespace wsflow::httpd
