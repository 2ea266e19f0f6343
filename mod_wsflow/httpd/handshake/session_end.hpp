#pragma once

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/request/refusal.hpp"

namespace wsflow::httpd {

// When the tunnel of a request must end, or why there may be none.
struct TunnelEnd {
  base::Instant lifetime = base::Instant::max();
  std::uint32_t session = 0;  // seconds since 1970 by the wall clock; 0: none
  Failure failure;
};
// By lifetime= and until= of WSFlowTimeout, whichever comes first. The second follows the wall clock when
// that is set. Every setting must be given. Worker thread.
TunnelEnd find_end(request_rec* r, const TunnelConfig& tunnels) noexcept;

}  // namespace wsflow::httpd
