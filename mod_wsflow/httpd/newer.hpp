#pragma once

#include "mod_wsflow/httpd/api.hpp"

// Functions and values that httpd got after the oldest version that the module serves. The module looks for
// them in the httpd that has loaded it, not in the headers of the build: one binary serves all versions. No
// other file of ours may name them (t/checks/older_httpd.py).

extern "C" {
// Weak: null where httpd lacks the function.
[[gnu::weak]] AP_DECLARE(apr_status_t)
    ap_get_pollfd_from_conn(conn_rec* c, struct apr_pollfd_t* polled, apr_interval_time_t* timeout);
}

namespace wsflow::httpd::newer {

// Since 2.4.63. An MPM that cannot wait for a connection does not know this query.
inline constexpr int kCanWaitIo = 19;
inline constexpr auto kAsyncWaitIo = static_cast<conn_state_e>(8);

// All versions of 2.4 agree on these numbers.
#ifdef AP_MPMQ_CAN_WAITIO
static_assert(kCanWaitIo == AP_MPMQ_CAN_WAITIO && kAsyncWaitIo == CONN_STATE_ASYNC_WAITIO);
#endif

}  // namespace wsflow::httpd::newer
