#pragma once

#include "mod_wsflow/httpd/newer.hpp"

namespace wsflow::httpd {

// What the MPM says of itself (AP_MPMQ_…); 0 if it does not say. Its final numbers from check_config on.
inline int mpm_query(int what) noexcept {
  int value = 0;
  return ap_mpm_query(what, &value) == APR_SUCCESS ? value : 0;
}

// Whether the MPM has threads: tunnels can leave their workers then.
inline bool mpm_has_threads() noexcept {
  int kind = AP_MPMQ_NOT_SUPPORTED;
  ap_mpm_query(AP_MPMQ_IS_THREADED, &kind);
  return kind != AP_MPMQ_NOT_SUPPORTED;
}

// Whether a request can wait without a worker: with the event MPM since 2.4.63.
inline bool mpm_waits_for_requests() noexcept {
  return mpm_query(newer::kCanWaitIo) > 0;
}

// Whether nothing runs yet: an error may keep httpd from starting. A reload must not end it.
inline bool is_first_start() noexcept {
  return mpm_query(AP_MPMQ_GENERATION) == 0;
}

}  // namespace wsflow::httpd
