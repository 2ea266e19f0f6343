#pragma once

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/config.hpp"
#include "mod_wsflow/httpd/request_state.hpp"

namespace wsflow::httpd {

// When the tunnel of a request must end, or why there may be none.
struct TunnelEnd {
  base::Instant at = base::Instant::max();
  Failure failure;
};
// By lifetime= and until= of WSFlowTimeout, whichever comes first. Every setting must be given. Worker
// thread.
TunnelEnd find_end(request_rec* r, const TunnelConfig& tunnels) noexcept;

}  // namespace wsflow::httpd
