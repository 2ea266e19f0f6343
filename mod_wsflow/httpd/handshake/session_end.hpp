#pragma once

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/request/refusal.hpp"

namespace wsflow::httpd {

// The time when a tunnel must end, or the failure that forbids the tunnel.
struct TunnelEnd {
  base::Instant lifetime = base::Instant::max();
  std::uint32_t session = 0;  // seconds since 1970 by the wall clock; 0: none
  Failure failure;
};
// The end by lifetime= and until= of WSFlowTimeout: the earlier one counts. until= follows the wall clock
// when somebody sets that. Pre: every setting is given. Worker thread.
TunnelEnd find_end(request_rec* r, const TunnelConfig& tunnels) noexcept;

}  // namespace wsflow::httpd
