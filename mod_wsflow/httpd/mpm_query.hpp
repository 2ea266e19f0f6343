#pragma once

#include "mod_wsflow/httpd/newer.hpp"

namespace wsflow::httpd {

// The MPM's answer to a query (AP_MPMQ_…); 0: no answer. Final from check_config on.
inline int mpm_query(int what) noexcept {
  int value = 0;
  return ap_mpm_query(what, &value) == APR_SUCCESS ? value : 0;
}

// True if the MPM has threads: tunnels can then leave their workers.
inline bool mpm_has_threads() noexcept {
  int kind = AP_MPMQ_NOT_SUPPORTED;
  ap_mpm_query(AP_MPMQ_IS_THREADED, &kind);
  return kind != AP_MPMQ_NOT_SUPPORTED;
}

// True if a request can wait without a worker: with the event MPM since 2.4.63.
inline bool mpm_waits_for_requests() noexcept {
  return mpm_query(newer::kCanWaitIo) > 0;
}

// True at the first start: nothing runs yet, so an error may end httpd. An error in a reload must not.
inline bool is_first_start() noexcept {
  return mpm_query(AP_MPMQ_GENERATION) == 0;
}

}  // namespace wsflow::httpd
