#pragma once

#include "mod_wsflow/httpd/api.hpp"

// What httpd has gained since the oldest version that the module serves. It is looked for in the httpd that
// has loaded the module, not in the headers of the build: one binary loads into all of them, and uses what it
// finds. Nothing else of ours may name what is newer (t/checks/older_httpd.py).

extern "C" {
// Weak: null where httpd has no such function.
// Since 2.4.58.
[[gnu::weak]] AP_DECLARE(apr_status_t)
    ap_get_pollfd_from_conn(conn_rec* c, struct apr_pollfd_t* polled, apr_interval_time_t* timeout);
// Since 2.4.59.
[[gnu::weak]] PROXY_DECLARE(apr_status_t)
    ap_proxy_determine_address(const char* scheme, proxy_conn_rec* backend, const char* host, apr_port_t port,
                               unsigned int flags, request_rec* r, server_rec* server);
}

namespace wsflow::httpd::newer {

inline constexpr unsigned kCheckAddress = 1;  // PROXY_DETERMINE_ADDRESS_CHECK

// Since 2.4.63. An MPM that cannot wait for a connection does not know the question.
inline constexpr int kCanWaitIo = 19;
inline constexpr auto kAsyncWaitIo = static_cast<conn_state_e>(8);

// The numbers are what all of 2.4 agrees upon.
#ifdef PROXY_DETERMINE_ADDRESS_CHECK
static_assert(kCheckAddress == PROXY_DETERMINE_ADDRESS_CHECK);
#endif
#ifdef AP_MPMQ_CAN_WAITIO
static_assert(kCanWaitIo == AP_MPMQ_CAN_WAITIO && kAsyncWaitIo == CONN_STATE_ASYNC_WAITIO);
#endif

}  // namespace wsflow::httpd::newer
